"""How wide things are on a terminal: widths, names that are shortened, text that is wrapped, tables."""
