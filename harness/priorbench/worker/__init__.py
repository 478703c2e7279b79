"""The judge's process: it keeps the clean images, the noise, the rules, the clock's book and the records."""
