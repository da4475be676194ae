"""In which way each node is computed, where several give the same integers; without a choice, in the written order.

A kernel begins with the way that it is told, or with its first, and goes on to the later ones where the processor that
the C is compiled for lacks what a way needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from toolchain.graph.ops import Linear, Op, Table, Threshold

BITS, BYTES, LISTED, PLAIN = "bits", "bytes", "without zeros", "plain loop"
REGISTERS, MULTIPLIED, COMPARED = "registers", "multiplied", "compared"
LINE, LOOKED_UP = "line", "looked up"
WHOLE, ROWS = "whole", "row by row"
"""Of a step: its first nodes at once by what the processor has for them, or each row through node after node."""

ORDER: Mapping[type[Op], tuple[str, ...]] = {
    Linear: (BITS, BYTES, LISTED, PLAIN),
    Threshold: (REGISTERS, MULTIPLIED, COMPARED),
    Table: (LINE, LOOKED_UP),
}
"""The written order of each node kind that has several."""


@dataclass(frozen=True)
class Ways:
    """What was chosen; nodes and steps that are not named go in the written order.

    Attributes:
        nodes: the first way of a node, by its name.
        steps: `WHOLE` or `ROWS` of a step, by the name of its last node.
    """

    nodes: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)


WRITTEN = Ways()
"""The written order everywhere."""


def allowed(op: Op, way: str | None) -> tuple[str, ...]:
    """The ways that a node may go, from the chosen one on; none of a node kind that has but one."""
    order = ORDER.get(type(op), ())
    return order[order.index(way) :] if way in order else order
