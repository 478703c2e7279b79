"""``priorbench new``: a distribution of one's own, which installs, passes its test and runs as it is made."""
