"""What is kept between commands to save time: in a folder that may be removed at any time."""
