"""What Vivado made, kept in a stage's folder and read back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from flows.stages import packing
from toolchain.results.facts.hardware import VivadoResult, VivadoTiming
from toolchain.vivado.implement import Result
from toolchain.vivado.reports import Timing

DRIVER = "driver"
"""Folder of FINN's own driver settings, where FINN made the design."""


def keep(result: Result, out: Path) -> VivadoResult:
    """Copy what the package takes; `kept` reads it back."""
    for path in sorted(result.bitstream.parent.glob("*.rpt")):
        packing.copy(path, out)
    return VivadoResult(
        bitstream=packing.copy(result.bitstream, out),
        hwh=packing.copy(result.hwh, out),
        xsa=packing.copy(result.xsa, out) if result.xsa else None,
        resources=result.resources,
        core_resources=result.core_resources,
        tool=result.tool,
        timing=VivadoTiming(**asdict(result.timing)),
    )


def kept(made: VivadoResult, folder: Path) -> Result:
    """What `keep` kept in a folder."""
    return Result(
        bitstream=folder / made.bitstream,
        hwh=folder / made.hwh,
        xsa=folder / made.xsa if made.xsa else None,
        resources=dict(made.resources),
        timing=Timing(**made.timing.model_dump()),
        tool=made.tool,
        core_resources=None if made.core_resources is None else dict(made.core_resources),
    )
