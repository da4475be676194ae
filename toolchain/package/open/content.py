"""What runs beside an open board: `driver.py`, `self_test.py`, and the modules that they need in `lib/`."""

from __future__ import annotations

from pathlib import Path

from toolchain.package.bundle import bundle
from toolchain.package.programs import write_program

LIB = "lib"

_SCRIPTS = Path(__file__).with_name("scripts")
_PROGRAMS = ("driver.py", "self_test.py")
MODULES = ("toolchain.hostlink.serial_package",)


def write_driver(out: Path) -> None:
    """Write the programs and `lib/` into a package's folder."""
    for name in _PROGRAMS:
        write_program(_SCRIPTS / name, out / name)
    bundle(MODULES, out / LIB)
