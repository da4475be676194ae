#!/usr/bin/env python3
"""The driver of this package's board: a program, and a module to import.

python3 driver.py identify | infer 10 | bench 1000000 | counters

    from driver import open_package

    with open_package() as board:
        print(board.infer(board.golden.pack([0, 1, ...])).label)
"""

import sys

if sys.version_info < (3, 8):  # noqa: UP036 (boards and build servers have older ones)
    sys.exit("error: Python 3.8 or newer is needed, this is " + sys.version.split()[0])
from toolchain.device.opening import HERE, open_lib, start


def open_package(device="auto", load=True):  # type: ignore[no-untyped-def]  # older Pythons read it
    """Open the board; see `toolchain.device.link.axi.opening` in `lib` for what it can do and raises."""
    open_lib(HERE)
    from pathlib import Path

    from toolchain.device.link.axi.opening import open_board

    return open_board(Path(HERE), device, load)


if __name__ == "__main__":
    start(HERE)
    from pathlib import Path

    from toolchain.device.link.axi.commands import driver

    sys.exit(driver(Path(HERE), sys.argv[1:]))
