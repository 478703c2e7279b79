"""Whether an edit made a plugin's methods worse: two states of its repository, measured in turns."""
