"""Convolutions that run at several widths."""
