"""What tensors of the file are to the reader: integers of the graph, floats that stand for them, and constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.graph.readers.qdq.kernels import Scheme

Span = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """Where the file's elements lie in the graph's tensor.

    Attributes:
        shape: in the file, without the batch.
        axes: for each axis of the graph's tensor, the file's axis that it is.
        order: of a tensor of one axis, for each element of the file its number in the graph; None where it is the same.
    """

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    order: tuple[int, ...] | None = None

    @property
    def plain(self) -> bool:
        """Whether the graph's tensor is the file's as it is."""
        return self.order is None and self.axes == tuple(range(len(self.axes)))


def channels_last(shape: tuple[int, ...]) -> Place:
    """The usual place of a tensor of (channels, ...)."""
    return Place(shape, (*range(1, len(shape)), 0))


class Codes:
    """8-bit codes of the graph; made when first asked for, so that a quantiser's range can follow from what comes.

    Attributes:
        place: where the file's elements are.
    """

    def __init__(self, place: Place, make: Callable[[Span], str], span: Span) -> None:
        self.place, self._make, self._span = place, make, span
        self._made: dict[Span, str] = {}

    @property
    def span(self) -> Span:
        """Least and greatest code that may come."""
        return self._span

    def node(self, span: Span | None = None) -> str:
        """The node of the codes, clipped to a narrower span where one is given."""
        wanted = self._span if span is None else span
        if wanted not in self._made:
            self._made[wanted] = self._make(wanted)
        return self._made[wanted]


@dataclass(frozen=True)
class Real:
    """A float tensor that stands for codes.

    Attributes:
        scheme: what a code is.
        steps: elementwise nodes of the file that follow, each of one computed input.
    """

    codes: Codes
    scheme: Scheme
    steps: tuple[NodeProto, ...] = ()

    @property
    def place(self) -> Place:
        """Where the file's elements are."""
        return self.codes.place

    def moved(self, codes: Codes) -> Real:
        """The same floats of other codes."""
        return replace(self, codes=codes)


@dataclass(frozen=True)
class Sums:
    """A float tensor that a product makes and nothing quantises: whole sums, times a float32 a channel."""

    node: str
    place: Place
    factor: NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """Constant codes and what they stand for: ``scale * (codes - zero)``, along one axis or as one."""

    codes: NDArray[np.int64]
    scale: NDArray[np.float32]
    zero: NDArray[np.int64]
    axis: int

    @property
    def whole(self) -> NDArray[np.int64]:
        """Codes without their zero point."""
        whole: NDArray[np.int64] = self.codes - self._along(self.zero)
        return whole

    @property
    def real(self) -> NDArray[np.float32]:
        """What they stand for, float32."""
        return self.whole.astype(np.float32) * self._along(self.scale).astype(np.float32)

    def turned(self, order: tuple[int, ...]) -> Weights:
        """With axes in another order."""
        return replace(self, codes=self.codes.transpose(order), axis=order.index(self.axis))

    def _along(self, values: NDArray[Any]) -> NDArray[Any]:
        if values.size == 1:
            return values.reshape(())
        return values.reshape([-1 if axis == self.axis else 1 for axis in range(self.codes.ndim)])


@dataclass(frozen=True)
class Fixed:
    """A constant that is no quantised one."""

    array: NDArray[Any]


@dataclass(frozen=True)
class Outside:
    """A float tensor before the first quantiser: the graph does not see it."""


Value = Codes | Real | Sums | Weights | Fixed | Outside
