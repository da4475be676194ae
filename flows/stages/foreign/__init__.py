"""A network that somebody else made, as a file."""
