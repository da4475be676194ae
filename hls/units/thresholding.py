"""Thresholds in their place, and how a unit of them can be built."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from hls.units.lines import Lines, lines
from hls.units.rising import Rising, rising
from hls.units.stream import Stream
from toolchain.graph.ops import Threshold
from toolchain.graph.types import TensorType

Rom = Literal["block", "logic"]


@dataclass(frozen=True)
class Pieces:
    """Unsigned factors that one multiplier of a device takes, in bits: ECP5 18 and 18, iCE40 16 and 16."""

    a: int = 18
    b: int = 18


@dataclass(frozen=True)
class Choice:
    """How thresholds are built.

    Attributes:
        kind: by a multiplication, by comparison with all at once, or by binary search.
        lanes: codes a beat.
        steps: of a multiplication, clocks a beat: the multiplier's digits are taken one a clock.
        multiplier: of a multiplication, what multiplies.
        rom: where constants of channels lie.
    """

    kind: Literal["requantise", "compare", "search"]
    lanes: int = 1
    steps: int = 1
    multiplier: Literal["dsp", "lut"] = "lut"
    rom: Rom = "logic"

    def __str__(self) -> str:
        steps = f" in {self.steps} steps ({self.multiplier})" if self.kind == "requantise" else ""
        return f"{self.kind}{steps}, {self.lanes} lanes, constants in {self.rom}"


@dataclass(frozen=True, eq=False)
class Thresholding:
    """A threshold node in its place.

    Attributes:
        x: type of the tensor that enters.
        pieces: of the device's multipliers.
    """

    op: Threshold
    x: TensorType
    pieces: Pieces = Pieces()

    @cached_property
    def out(self) -> TensorType:
        """Type of the tensor that leaves."""
        return self.op.result(self.x)

    @cached_property
    def rising(self) -> Rising:
        """The thresholds on codes."""
        return rising(self.op, self.x, self.out)

    @cached_property
    def lines(self) -> Lines | None:
        """Their form as one multiplication, if every channel has one."""
        return lines(self.rising)

    @cached_property
    def made(self) -> dict[int, Any]:
        """What a multiplication in so many steps is made of, as far as it has been asked for."""
        return {}

    def beats(self, lanes: int) -> int:
        """Of one inference."""
        return self.x.size // lanes

    def streams(self, name: str, lanes: int) -> tuple[Stream, Stream]:
        """What enters and what leaves, the node's tensor."""
        beats = self.beats(lanes)
        return Stream(self.x.element, lanes, beats), Stream(self.out.element, lanes, beats, name)
