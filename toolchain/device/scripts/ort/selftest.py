"""Checks this package and the device, installs, and runs the self-test; `run.sh` starts it with the right Python."""

import sys

from toolchain.device.opening import HERE, start

if __name__ == "__main__":
    start(HERE)
    from pathlib import Path

    from toolchain.device.ort.selftest import main

    sys.exit(main(Path(HERE)))
