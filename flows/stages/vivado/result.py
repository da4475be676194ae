"""What Vivado made, kept in a stage's folder and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.stages import packing
from toolchain.vivado.implement import Result
from toolchain.vivado.reports import Timing

DRIVER = "driver"
"""Folder of FINN's own driver settings, where FINN made the design."""


def keep(result: Result, out: Path) -> dict[str, Any]:
    """Copy what the package takes; plain JSON that `kept` reads back."""
    for path in sorted(result.bitstream.parent.glob("*.rpt")):
        packing.copy(path, out)
    paths = {"bitstream": result.bitstream, "hwh": result.hwh, "xsa": result.xsa}
    names = {role: packing.copy(path, out) if path else None for role, path in paths.items()}
    figures = {"resources": result.resources, "core_resources": result.core_resources, "tool": result.tool}
    return {**names, **figures, "timing": asdict(result.timing)}


def kept(made: Mapping[str, Any], folder: Path) -> Result:
    """What `keep` kept in a folder."""
    paths = {role: folder / made[role] if made[role] else None for role in ("bitstream", "hwh", "xsa")}
    return Result(**{**made, **paths, "timing": Timing(**made["timing"])})
