"""Packages of open boards: what goes into them beside bitstream and network."""
