"""The program that Vivado finishes a hand-off with."""
