"""The machine: what it is, what disturbs a timing on it, and the settings that workers start with."""
