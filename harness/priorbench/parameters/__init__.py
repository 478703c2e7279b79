"""Parameters of a factory: declared in its signature, checked, completed, turned back into a call."""
