"""Which Vivado there is, before any work begins."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import ToolError

OLDEST = (2022, 2)
NEWEST = (2025, 2)

# "Vivado v2022.2 (64-bit)", from 2023 on "vivado v2024.1 (64-bit)"; "Vivado Lab Edition v2023.2" synthesises nothing.
_VERSION = re.compile(r"^vivado( lab edition| lab solutions)? v((\d{4})\.(\d+)[\w.]*)", re.IGNORECASE | re.MULTILINE)
_PATIENCE_S = 120


@dataclass(frozen=True)
class Vivado:
    """An installed Vivado that can be used.

    Attributes:
        path: its program.
        version: such as ``"2024.1"`` or ``"2025.2.1"``.
    """

    path: Path
    version: str

    @property
    def tool(self) -> str:
        """Its name with its version, as figures name their tool."""
        return f"Vivado {self.version}"


def find_vivado(environ: Mapping[str, str] = os.environ) -> Vivado | None:
    """The Vivado on the PATH, or None where there is none.

    Raises:
        ToolError: it does not start, or its version is not supported.
    """
    program = shutil.which("vivado", path=environ.get("PATH", ""))
    if program is None:
        return None
    return Vivado(Path(program), _supported(_answer(program, environ), program))


def _answer(program: str, environ: Mapping[str, str]) -> str:
    """What `vivado -version` prints."""
    try:
        done = subprocess.run(
            [program, "-version"],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE_S,
            text=True,
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"{program} -version gave no answer in {_PATIENCE_S} s; mend it or take it off the PATH"
        ) from error
    except OSError as error:
        raise ToolError(f"{program} does not start: {error.strerror}; mend it or take it off the PATH") from error
    return done.stdout


def _supported(answer: str, program: str) -> str:
    """The version out of `answer`, if it is one that is supported."""
    found = _VERSION.search(answer)
    if found is None:
        first = next((line.strip() for line in answer.splitlines() if line.strip()), "nothing")
        raise ToolError(f"{program} -version answers {first!r}, no version; source Vivado's settings64.sh again")
    edition, version = found.group(1), found.group(2)
    if edition:
        raise ToolError(f"{program} is Vivado Lab Edition, which only programs boards; put a full Vivado on the PATH")
    if not OLDEST <= (int(found.group(3)), int(found.group(4))) <= NEWEST:
        raise ToolError(
            f"{program} is version {version}; supported are {_name(OLDEST)} to {_name(NEWEST)}: "
            "source the settings64.sh of one of those, or take this one off the PATH"
        )
    return version


def _name(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
