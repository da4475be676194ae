"""Checks this package and the device, installs, and runs the self-test; `run.sh` starts it with the right Python."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Nothing that lies beside this program is imported.
sys.path[:] = [path for path in sys.path if path and os.path.abspath(path) != HERE]
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

    from toolchain.runtime.device.selftest import main

    sys.exit(main(Path(HERE)))
