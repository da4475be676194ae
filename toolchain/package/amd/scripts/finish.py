#!/usr/bin/env python3
"""Turns this hand-off into a bitstream package; needs Vivado 2022.2 to 2025.2 on the PATH.

python3 finish.py [--out FOLDER] [--check]
"""

import os
import sys

if sys.version_info < (3, 8):  # noqa: UP036 (build servers have older ones)
    sys.exit("error: Python 3.8 or newer is needed, this is " + sys.version.split()[0])
HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "lib"))

if __name__ == "__main__":
    # A damaged lib/ may not even load; this must still end in one line.
    try:
        from pathlib import Path

        from toolchain.package.amd.finish import main
    except Exception as error:
        sys.exit("error: lib/ is damaged (" + str(error) + "); copy the hand-off again")
    sys.exit(main(Path(HERE), sys.argv[1:]))
