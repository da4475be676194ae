"""Vivado where it is on the PATH, else a hand-off that Vivado finishes elsewhere."""
