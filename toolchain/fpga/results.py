"""What the verbs of a backend give back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from toolchain.board import Resources


@dataclass(frozen=True)
class Usage:
    """Resources in use. `lut` counts every LUT position taken, carries and LUT RAM among them."""

    lut: int
    ff: int
    bram: int
    dsp: int

    @classmethod
    def count(cls, cells: Mapping[str, int], weights: Iterable[tuple[str, str, float]]) -> Usage:
        """Sum up cells by type; a part of one counts as one.

        Args:
            cells: how many there are of each cell type.
            weights: (prefix of the cell type, resource, how many of it one such cell takes); the
                first prefix that matches counts.
        """
        total = dict.fromkeys(("lut", "ff", "bram", "dsp"), 0.0)
        table = list(weights)
        for kind, number in cells.items():
            for prefix, resource, weight in table:
                if kind.startswith(prefix):
                    total[resource] += weight * number
                    break
        return cls(**{resource: math.ceil(number) for resource, number in total.items()})

    def percent_of(self, available: Resources) -> dict[str, float]:
        """Share of the device in percent, to one decimal, by resource (those the device has)."""
        have = available.model_dump()
        return {name: round(100 * used / have[name], 1) for name, used in asdict(self).items() if have[name]}


@dataclass(frozen=True)
class Synthesis:
    """A mapped netlist: its file, what it uses before placement, and the tool with its version."""

    netlist: Path
    resources: Usage
    tool: str


@dataclass(frozen=True)
class Implementation:
    """A placed and routed design that meets its clock.

    Attributes:
        config: what the packer reads: textual configuration, or the routed netlist (Gowin).
        resources: what it uses.
        used_percent: shares of the device in percent.
        fmax_mhz: the highest clock the routed design bears.
        clock_mhz: the clock it gets.
        critical_path: the slowest register-to-register path, one step a line, with delays in ns.
        netlist: the routed netlist, where the tool can write one.
        seed: the placer's seed that met the timing.
        tool: place and route, with its version.
    """

    config: Path
    resources: Usage
    used_percent: dict[str, float]
    fmax_mhz: float
    clock_mhz: float
    critical_path: list[str]
    netlist: Path | None
    seed: int
    tool: str
