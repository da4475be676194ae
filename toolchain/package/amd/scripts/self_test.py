#!/usr/bin/env python3
"""The self-test, to be run on the board: golden vectors, bench, counters; every difference is named.

python3 self_test.py [--device auto|pynq|linux] [--no-load] [--json]
"""

import os
import sys

if sys.version_info < (3, 8):  # noqa: UP036 (boards and build servers have older ones)
    sys.exit("error: Python 3.8 or newer is needed, this is " + sys.version.split()[0])
HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "lib"))

if __name__ == "__main__":
    from pathlib import Path

    from toolchain.hostlink.axi.commands import self_test

    sys.exit(self_test(Path(HERE), sys.argv[1:]))
