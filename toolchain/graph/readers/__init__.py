"""Readers of networks from elsewhere, one room a format: a file becomes the integer graph."""
