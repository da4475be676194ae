"""From an integer network to our own RTL: a core, and the chip around it with the board's host link."""
