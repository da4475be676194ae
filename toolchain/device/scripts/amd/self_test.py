#!/usr/bin/env python3
"""The self-test, to be run on the board: golden vectors, bench, counters; every difference is named.

python3 self_test.py [--device auto|pynq|linux] [--no-load] [--json]
"""

import sys

if sys.version_info < (3, 8):  # noqa: UP036 (boards and build servers have older ones)
    sys.exit("error: Python 3.8 or newer is needed, this is " + sys.version.split()[0])
from toolchain.device.opening import HERE, start

if __name__ == "__main__":
    start(HERE)
    from pathlib import Path

    from toolchain.device.link.axi.commands import self_test

    sys.exit(self_test(Path(HERE), sys.argv[1:]))
