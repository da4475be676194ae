"""What runs beside an open board: `driver.py`, `self_test.py`, and the modules that they need in `lib/`."""

from __future__ import annotations

from pathlib import Path

from toolchain.device.bundle import bundle, package_folder
from toolchain.device.programs import write_program

LIB = "lib"

_SCRIPTS = package_folder("toolchain.device.scripts.open")
_PROGRAMS = ("driver.py", "self_test.py")
MODULES = ("toolchain.device.link.serial_package",)


def write_driver(out: Path) -> None:
    """Write the programs and `lib/` into a package's folder."""
    for name in _PROGRAMS:
        write_program(_SCRIPTS / name, out / name)
    bundle(MODULES, out / LIB)
