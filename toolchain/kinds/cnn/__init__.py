"""Convolutions, each of which halves the image, and a dense end."""
