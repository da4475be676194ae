"""Networks on microcontrollers: the program that a board runs, its compiler, its size, and its emulator."""
