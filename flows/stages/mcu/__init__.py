"""A microcontroller's program: the network's C, cross-compiled, and proved on an emulated processor."""
