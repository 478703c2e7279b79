"""How far this machine's times scatter: fixed work, timed as the harness times methods, for a minute."""
