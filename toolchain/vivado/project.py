"""Writes what Vivado needs to build our own RTL on a Zynq: scripts, constraints, and the settings they read."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import ConfigError

SCRIPT = "build.tcl"
"""What Vivado runs: `vivado -mode batch -source build.tcl -tclargs <jobs>`, in the folder that takes the results."""

FILES = (SCRIPT, "block_design.tcl", "timing.xdc")
SETTINGS = "settings.tcl"

_TEMPLATES = Path(__file__).with_name("tcl")
_FAMILIES = ("zynq_7000", "zynq_ultrascale")
_WORD = re.compile(r"[\w.:-]+", re.ASCII)
_PATH = re.compile(r"[\w.+-]+(?:/[\w.+-]+)*", re.ASCII)


@dataclass(frozen=True)
class ProjectSpec:
    """A design for the programmable logic of a Zynq.

    Attributes:
        name: of the bitstream and all that goes with it.
        family: ``"zynq_7000"`` or ``"zynq_ultrascale"``.
        part: Vivado's part name.
        board_part: Vivado's board files, which preset the processing system.
        clock_mhz: the clock that the processing system gives to the logic.
        control: address of the design's registers (AXI4-Lite), as the processor sees them.
        dma: address of the AXI DMA's registers.
        data_bits: width of the AXI4-Stream into the design: 32 or 64.
        top: the Verilog module, ports as `docs/axi.md` has them.
        sources: Verilog files, relative to the project's folder.
        roms: files that the sources read by ``$readmemh``, relative to the project's folder.
    """

    name: str
    family: str
    part: str
    board_part: str
    clock_mhz: float
    control: int
    dma: int
    data_bits: int
    top: str
    sources: Sequence[str]
    roms: Sequence[str]


def write_project(spec: ProjectSpec, out_dir: Path) -> Path:
    """Write the project's scripts to `out_dir`; same spec, same bytes. The sources stay where they are.

    Returns:
        The script that Vivado runs.

    Raises:
        ConfigError: the spec has a value that Vivado cannot take.
    """
    _check(spec)
    out_dir.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(_TEMPLATES / name, out_dir / name)
    (out_dir / SETTINGS).write_text("".join(f"{line}\n" for line in _settings(spec)))
    return out_dir / SCRIPT


def _settings(spec: ProjectSpec) -> Iterator[str]:
    yield "# What this design is; build.tcl and block_design.tcl read it."
    for key in ("name", "family", "part", "board_part", "top"):
        yield f"set {key} {{{getattr(spec, key)}}}"
    yield f"set clock_mhz {spec.clock_mhz:g}"
    yield f"set control 0x{spec.control:X}"
    yield f"set dma 0x{spec.dma:X}"
    yield f"set data_bits {spec.data_bits}"
    for key in ("sources", "roms"):
        yield f"set {key} {{"
        yield from (f"    {path}" for path in getattr(spec, key))
        yield "}"


def _check(spec: ProjectSpec) -> None:
    """Refuse what would be another thing in Tcl than in Python, and what no Zynq has."""
    if spec.family not in _FAMILIES:
        raise ConfigError(f"family {spec.family!r} is unknown; expected one of {', '.join(_FAMILIES)}")
    for key in ("name", "part", "board_part", "top"):
        if not _WORD.fullmatch(getattr(spec, key)):
            raise ConfigError(f"{key} {getattr(spec, key)!r} cannot be used in Vivado; use letters, digits and . : _ -")
    for path in [*spec.sources, *spec.roms]:
        if not _PATH.fullmatch(path):
            raise ConfigError(f"source {path!r} cannot be used; expected a path below the project, without spaces")
    if not spec.sources:
        raise ConfigError(f"project {spec.name!r} has no sources")
    if spec.data_bits not in (32, 64):
        raise ConfigError(f"data_bits {spec.data_bits} cannot be used; expected 32 or 64")
    if not 0 < spec.clock_mhz <= 1000:
        raise ConfigError(f"clock_mhz {spec.clock_mhz} cannot be used; expected more than 0 and at most 1000")
