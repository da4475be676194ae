"""Writes the programs of a package. Standard library only, Python 3.8 or newer: finish.py writes some, too."""

from __future__ import annotations

import re
from pathlib import Path

from toolchain.errors import BuildError
from toolchain.files import write_atomic

_OPENING = Path(__file__).with_name("opening.py")
_IMPORT = re.compile(r"^from toolchain\.device\.opening import .*\n", re.MULTILINE)


def write_program(script: Path, target: Path) -> None:
    """Write a program that stands alone: a script with `opening.py` in the place of its import.

    Raises:
        BuildError: the script does not import the opening, so that nothing would check the package; or disk trouble.
    """
    parts = _IMPORT.split(script.read_text(encoding="utf-8"))
    if len(parts) != 2:
        raise BuildError(f"{script}: should import {_OPENING.stem} once, on one line")
    # Its own docstring stays behind: the program has one.
    opening = _OPENING.read_text(encoding="utf-8").split('"""', 2)[2].lstrip("\n")
    write_atomic(target, opening.join(parts))
    target.chmod(0o755)
