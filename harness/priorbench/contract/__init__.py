"""What a plugin gives and gets, and the small records that cross boundaries."""
