"""The convolutional generators whose fits of an image and of noise the paper compares (Figs. 4 and 8)."""
