"""A network that somebody else made, as a file: read as integers, and proved equal to its own framework."""
