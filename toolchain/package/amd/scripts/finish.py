#!/usr/bin/env python3
"""Turns this hand-off into a bitstream package; needs Vivado 2022.2 to 2025.2 on the PATH.

python3 finish.py [--out FOLDER] [--check]
"""

import sys

if sys.version_info < (3, 8):  # noqa: UP036 (build servers have older ones)
    sys.exit("error: Python 3.8 or newer is needed, this is " + sys.version.split()[0])
from toolchain.device.opening import HERE, start

if __name__ == "__main__":
    start(HERE)
    from pathlib import Path

    from toolchain.package.amd.finish import main

    sys.exit(main(Path(HERE), sys.argv[1:]))
