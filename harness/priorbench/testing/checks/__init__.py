"""The checks, by theme: each file has functions of a subject, and the tuple that names them."""
