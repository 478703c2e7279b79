"""What a picture has beside its pixels (alpha, depth, EXIF, profile, resolution): read, and written again."""
