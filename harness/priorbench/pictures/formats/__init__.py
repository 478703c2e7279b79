"""What is particular to one file format: layouts that Pillow reads wrongly, not in full, or not at all."""
