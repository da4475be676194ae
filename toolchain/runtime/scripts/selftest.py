"""Checks this package and the device, installs, and runs the self-test; `run.sh` starts it with the right Python."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "lib"))

from toolchain.runtime.device.selftest import main  # noqa: E402 (the package's own lib must be on the path first)

if __name__ == "__main__":
    sys.exit(main(HERE))
