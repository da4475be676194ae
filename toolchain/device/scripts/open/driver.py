#!/usr/bin/env python3
"""The driver of this package's board: a program, and a module to import.

python3 driver.py [--port /dev/ttyUSB0] identify | infer 10 | infer --vectors FILE | bench 100000 | counters

    from driver import open_package

    with open_package("/dev/ttyUSB0") as board:
        print(board.infer(board.golden.pack([0, 1, ...])).label)
"""

import sys

if sys.version_info < (3, 8):  # noqa: UP036 (boards and build servers have older ones)
    sys.exit("error: Python 3.8 or newer is needed, this is " + sys.version.split()[0])
from toolchain.device.opening import HERE, open_lib, start


def open_package(port="", simulated=False):  # type: ignore[no-untyped-def]  # older Pythons read it
    """Open the board; see `toolchain.device.link.serial_package` in `lib` for what it can do and raises."""
    open_lib(HERE)
    from pathlib import Path

    from toolchain.device.link.serial_package import open_packed

    return open_packed(Path(HERE), port, simulated)


if __name__ == "__main__":
    start(HERE)
    from pathlib import Path

    from toolchain.device.link.serial_package import driver

    sys.exit(driver(Path(HERE), sys.argv[1:]))
