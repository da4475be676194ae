"""Convolutions that halve the image, each followed by a residual block, and a dense end."""
