"""The driver of AMD boards: identify, infer, bench and counters over AXI, with what the board's Linux offers.

Standard library only, Python 3.8 or newer; pynq is used where it is installed. `opening.open_board` is the way in.
"""
