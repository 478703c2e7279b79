"""``priorbench new``: the template of a new plugin package."""
