"""Stand-ins for tools that cannot run everywhere, for tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

VIVADO_PROGRAMS = Path(__file__).parent / "vivado" / "bin"
"""Folder with the doubles of `vivado`, `vitis_hls` and `vitis-run`; see its README."""


def vivado_environment(
    folder: Path, *, play: str = "success", version: str = "2024.1", environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """An environment with the double of Vivado first on the PATH, as settings64.sh of a real one makes it.

    Args:
        folder: where the double seems to be installed: gets ``Vivado/<version>/bin``.
        play: how it ends: see the double's README.
        version: which Vivado it is.
        environ: what the environment is besides.
    """
    root = folder / "Vivado" / version
    root.mkdir(parents=True, exist_ok=True)
    programs = root / "bin"
    if not programs.exists():
        programs.symlink_to(VIVADO_PROGRAMS, target_is_directory=True)
    return {
        **environ,
        "PATH": f"{programs}{os.pathsep}{environ.get('PATH', '')}",
        "XILINX_VIVADO": str(root),
        "VIVADO_DOUBLE_PLAY": play,
        "VIVADO_DOUBLE_VERSION": version,
    }
