"""What `gateweave check` finds out of a network's file; `--json` prints it."""

from __future__ import annotations

from typing import ClassVar

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


class Verdict(Record):
    """Whether a board can take the file, by one of its flows; `why`: what stands in the way, or what it becomes."""

    board: str
    flow: str
    takes: bool
    why: str


class CheckedNetwork(RecordFile):
    """A network's file, read without running it.

    Attributes:
        nodes: of the integer graph; none where the file cannot be read as integers.
        problem: why it cannot be read as integers; empty where it can.
    """

    VERSION: ClassVar[int] = 2
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
