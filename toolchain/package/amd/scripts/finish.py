#!/usr/bin/env python3
"""Turns this hand-off into a bitstream package; needs Vivado 2022.2 to 2025.2 on the PATH.

python3 finish.py [--out FOLDER] [--check]
"""

import os
import sys

if sys.version_info < (3, 8):  # noqa: UP036 (build servers have older ones)
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
    start = intact["start"]
except Exception as error:
    sys.exit("error: this package is damaged (" + str(error) + "); copy the package again")

if __name__ == "__main__":
    start(HERE)  # type: ignore[operator]
    from pathlib import Path

    from toolchain.package.amd.finish import main

    sys.exit(main(Path(HERE), sys.argv[1:]))
