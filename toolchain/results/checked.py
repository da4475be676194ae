"""What `gateweave check` finds out of a network's file; `--json` prints it."""

from __future__ import annotations

from typing import ClassVar, Literal

from toolchain.results.facts.hardware import Use
from toolchain.results.formats import FileFormat
from toolchain.results.model import Number, Record, RecordFile


class CheckedNode(Record):
    """A node of the integer graph.

    Attributes:
        shape: of its result, without the batch, channels last; bits: of one value of it.
        parameters: stored integers; operations: multiplications, sums or comparisons for one input.
        uniform: of thresholds, the share of channels that one multiplication can stand for; None of other nodes.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    type: str
    bits: int
    parameters: int
    operations: int
    uniform: Number | None


class LayerUse(Record):
    """What a layer with weights is estimated to take, with what stands between it and the next.

    Attributes:
        option: how it is built, such as "PE 4, SIMD 8".
        cycles: clocks between inferences at least.
        lut, bram, dsp: `bram` counts blocks.
    """

    name: str
    option: str
    cycles: int
    lut: int
    bram: int
    dsp: int


class Reckoned(Record):
    """What a chip is estimated to take and to do, before depths of FIFOs are looked for; its host link is counted.

    Attributes:
        core: what the network becomes: generated "folded" for a chain of dense layers, or "units".
        chip, board: resources that it takes, and that the device has; `bram` counts blocks of `bram_kbit`.
        interval: clocks between inferences at the least; fps: at `clock_mhz`.
        reaches: whether that is the board's own rate.
        layers: what each takes of the core, in order; FIFOs between them are left out.
    """

    core: Literal["folded", "units"]
    chip: Use
    board: Use
    bram_kbit: int
    interval: int
    clock_mhz: Number
    fps: Number
    reaches: bool
    layers: tuple[LayerUse, ...] = ()


class Verdict(Record):
    """Whether a board can take the file, by one of its flows.

    Attributes:
        why: what stands in the way, or what it becomes.
        estimate: of our own RTL for a board that was asked for; None where there is none.
    """

    board: str
    flow: str
    takes: bool
    why: str
    estimate: Reckoned | None = None


class CheckedNetwork(RecordFile):
    """A network's file, read without running it.

    Attributes:
        nodes: of the integer graph; none where the file cannot be read as integers.
        problem: why it cannot be read as integers; empty where it can.
    """

    VERSION: ClassVar[int] = 3
    TITLE: ClassVar[str] = "check of a network"

    file: str
    format: FileFormat
    problem: str
    nodes: tuple[CheckedNode, ...]
    parameters: int
    operations: int
    boards: tuple[Verdict, ...]

    @property
    def takes(self) -> bool:
        """Whether every board that was asked for can take it, by one of its flows at least."""
        return {verdict.board for verdict in self.boards} == {v.board for v in self.boards if v.takes}
