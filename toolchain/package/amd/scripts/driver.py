#!/usr/bin/env python3
"""The driver of this package's board: a program, and a module to import.

python3 driver.py identify | infer 10 | bench 1000000 | counters

    from driver import open_package

    with open_package() as board:
        print(board.infer(board.golden.pack([0, 1, ...])).label)
"""

import os
import sys

if sys.version_info < (3, 8):  # noqa: UP036 (boards and build servers have older ones)
    sys.exit("error: Python 3.8 or newer is needed, this is " + sys.version.split()[0])
HERE = os.path.dirname(os.path.abspath(__file__))
# Nothing that lies beside this program is imported.
sys.path[:] = [path for path in sys.path if __name__ != "__main__" or (path and os.path.abspath(path) != HERE)]
intact = {"__name__": "intact"}
try:
    import hashlib

    # Read as source: a cached copy beside it could be another one. It checks all files before any is imported.
    with open(os.path.join(HERE, "lib", "toolchain", "package", "intact.py"), "rb") as file:
        source = file.read()
    with open(os.path.join(HERE, "manifest.json"), "rb") as file:
        if hashlib.sha256(source).hexdigest().encode() not in file.read():
            raise ValueError("intact.py was altered")
    exec(compile(source, "intact.py", "exec"), intact)
    start, open_lib = intact["start"], intact["open_lib"]
    intact["uncache"](__spec__)  # type: ignore[operator]
except Exception as error:
    sys.exit("error: this package is damaged (" + str(error) + "); copy the package again")


def open_package(device="auto", load=True):  # type: ignore[no-untyped-def]  # older Pythons read it
    """Open the board; see `toolchain.hostlink.axi.opening` in `lib` for what it can do and raises."""
    open_lib(HERE)  # type: ignore[operator]
    from pathlib import Path

    from toolchain.hostlink.axi.opening import open_board

    return open_board(Path(HERE), device, load)


if __name__ == "__main__":
    start(HERE)  # type: ignore[operator]
    from pathlib import Path

    from toolchain.hostlink.axi.commands import driver

    sys.exit(driver(Path(HERE), sys.argv[1:]))
