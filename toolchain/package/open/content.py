"""What runs beside an open board: `driver.py`, `self_test.py`, and the modules that they need in `lib/`."""

from __future__ import annotations

import shutil
from pathlib import Path

from toolchain.package.bundle import bundle

LIB = "lib"

_SCRIPTS = Path(__file__).with_name("scripts")
_PROGRAMS = ("driver.py", "self_test.py")
MODULES = ("toolchain.hostlink.serial_package",)


def write_driver(out: Path) -> None:
    """Write the programs and `lib/` into a package's folder."""
    for name in _PROGRAMS:
        shutil.copyfile(_SCRIPTS / name, out / name)
        (out / name).chmod(0o755)
    bundle(MODULES, out / LIB)
