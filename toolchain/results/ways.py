"""What was measured of a network's C, node by node, and which way each node goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolchain.results.model import Number, Record


class NodeTimes(Record):
    """A node, or a step, that can be computed in several ways.

    Attributes:
        node: its name; of a step that of its last node.
        step: whether it is a whole step.
        written, way: the first of the written order, and the one that was taken.
        us: microseconds of an inference by each way that was timed.
    """

    node: str
    step: bool
    written: str
    way: str
    us: Mapping[str, Number]


class MeasuredWays(Record):
    """All such nodes of a network, as this machine timed them; `seconds` is what that took."""

    kind: Literal["measured"] = "measured"
    seconds: Number
    nodes: tuple[NodeTimes, ...]

    @property
    def told(self) -> str:
        """What it came to, in words."""
        others = [f"{timed.node} by {timed.way}" for timed in self.nodes if timed.way != timed.written]
        told = f"otherwise than in the written order: {', '.join(others)}" if others else "all as in the written order"
        return f"ways of the C of {len(self.nodes)} nodes and steps timed in {self.seconds} s, {told}"
