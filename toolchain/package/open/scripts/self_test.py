#!/usr/bin/env python3
"""The self-test, against the board: golden vectors, bench, counters; every difference is named.

python3 self_test.py [--port /dev/ttyUSB0] [--inferences N] [--json]
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
    # Read as source: a cached copy beside it could be another one. It checks all files before any is imported.
    with open(os.path.join(HERE, "lib", "toolchain", "package", "intact.py"), "rb") as file:
        exec(compile(file.read(), file.name, "exec"), intact)
    start = intact["start"]
except Exception as error:
    sys.exit("error: lib/ is damaged (" + str(error) + "); copy the package again")

if __name__ == "__main__":
    start(HERE)  # type: ignore[operator]
    from pathlib import Path

    from toolchain.hostlink.serial_package import self_test

    sys.exit(self_test(Path(HERE), sys.argv[1:]))
