"""The interfaces between priorbench and plugins, and the small records that they exchange."""
