"""Facts of the stage that puts the cores of one network side by side."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from toolchain.results.facts.base import Facts
from toolchain.results.model import Number, Record

CORES = ("finn", "folded", "unrolled", "unrolled-rom")
KINDS = ("estimated", "synthesised", "measured")
RESOURCES = {"lut": "LUT", "ff": "FF", "bram": "BRAM18", "dsp": "DSP"}
CYCLES = {"latency_cycles": "latency", "initiation_interval": "interval"}


class CoreRow(Record):
    """One core by one tool; one that is missing has no figures, and its note says why.

    Attributes:
        kind: where the resources come from; `cycles_kind`: where the cycles do, None without.
        tool: what gave the resources, with its version.
        bram: halves of a RAMB36.
        note: empty where there is nothing to say.
    """

    core: Literal["finn", "folded", "unrolled", "unrolled-rom"]
    kind: Literal["estimated", "synthesised", "measured"]
    tool: str
    lut: Number | None
    ff: Number | None
    bram: Number | None
    dsp: Number | None
    latency_cycles: int | None
    initiation_interval: int | None
    cycles_kind: Literal["estimated", "simulated", "measured"] | None
    note: str

    @property
    def figures(self) -> tuple[Number | None, ...]:
        """Resources and cycles, in the order of `RESOURCES` and `CYCLES`."""
        return (self.lut, self.ff, self.bram, self.dsp, self.latency_cycles, self.initiation_interval)

    @property
    def has_figures(self) -> bool:
        """Whether there is any figure."""
        return any(figure is not None for figure in self.figures)

    @model_validator(mode="after")
    def _must_make_sense(self) -> Self:
        if any(figure is not None and not 0 <= figure < 1 << 62 for figure in self.figures):
            raise ValueError("a figure should be a number, 0 or more, or null")
        if (self.cycles_kind is None) != (self.latency_cycles is None and self.initiation_interval is None):
            raise ValueError("cycles_kind should be the kind of the cycles where there are any, else null")
        if not self.note and not self.has_figures:
            raise ValueError("note should say why the core has no figures")
        return self


class CompareFacts(Facts):
    """The core that was built, and the rows of all."""

    form: Literal["compare"] = "compare"
    core: str
    rows: tuple[CoreRow, ...]
