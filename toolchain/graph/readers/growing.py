"""The integer graph of a file of 8-bit codes as it grows, channels last: what readers of such files share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Op, Threshold
from toolchain.graph.thresholds import bisect_thresholds
from toolchain.graph.types import TensorType
from toolchain.graph.uniform import with_uniform

MOST_ELEMENTS = 2**27
"""Of any one tensor, a window's copy of it included: more than a board holds, and soon refused."""

# Channels that may each have a table of 255 thresholds.
_MOST_TABLES = 2**15

# Complaints that one error lists.
_SHOWN = 12

Codes = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""From sums, shape (channels, n), to codes of that shape."""

Operator = TypeVar("Operator")


class Growing(ABC, Generic[Operator]):
    """The graph of a file; an operator is whatever the file has of one."""

    def __init__(self) -> None:
        self.graph = Graph()

    @abstractmethod
    def name(self, operator: Operator, part: str) -> str:
        """A free name for a node; `part` tells the nodes of one operator apart, "" for what it is about."""

    def add(self, operator: Operator, part: str, op: Op, *inputs: str) -> str:
        """Add a node; see `name`.

        Raises:
            ModelError: it does not fit, or its tensor is too large.
        """
        added = self.graph.add(self.name(operator, part), op, *inputs)
        if self.type(added).size > MOST_ELEMENTS:
            raise ModelError(f"{self.type(added).size:,} elements at once; {MOST_ELEMENTS:,} at most")
        return added

    def type(self, node: str) -> TensorType:
        """The type of a node's tensor."""
        return self.graph.types[node]

    def shape(self, node: str) -> tuple[int, ...]:
        """The shape of a node's tensor."""
        return self.type(node).shape

    def thresholds(
        self, operator: Operator, part: str, sums: str, codes: Codes, span: tuple[int, int], shared: bool
    ) -> str:
        """From sums to codes `span[0]` to `span[1]`.

        Args:
            codes: never falls along a row.
            shared: the same function for all channels.

        Raises:
            ModelError: too many channels have thresholds of their own.
        """
        kind = self.type(sums)
        if not shared and kind.channels > _MOST_TABLES:
            raise ModelError(f"{kind.channels:,} channels with thresholds of their own; {_MOST_TABLES:,} at most")
        low, high = (kind.low.min()[None], kind.high.max()[None]) if shared else (kind.low, kind.high)
        table = bisect_thresholds(lambda x: np.clip(codes(x), *span) - span[0], low, high, max(1, span[1] - span[0]))
        return self.add(operator, part, with_uniform(Threshold(table, 1, span[0]), kind), sums)


def refuse(problems: Iterable[str]) -> None:
    """Raise all that is wrong as one error; nothing where nothing is.

    Raises:
        ModelError: the first complaints, and how many more there are.
    """
    found = list(problems)
    if found:
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise ModelError("; ".join(found[:_SHOWN]) + more)
