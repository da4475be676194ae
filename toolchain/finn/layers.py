"""The layers of FINN's RTL that a chain of an integer graph becomes: plain data, in streaming order.

Each layer's values are held as integers of `kind`, a qonnx type of two bits or more: FINN's RTL takes none narrower. A
graph's value is what is held plus the layer's `shift`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.types import IntType

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Padding:
    """Zeros around an image (FMPadding).

    Attributes:
        node: the graph's node that it is made of.
        size: height and width before.
        edges: rows and columns before and behind: top, left, bottom, right.
    """

    node: str
    kind: str
    size: tuple[int, int]
    channels: int
    edges: tuple[int, int, int, int]

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width behind it."""
        top, left, bottom, right = self.edges
        return self.size[0] + top + bottom, self.size[1] + left + right

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what it yields, with a batch of one."""
        return (1, *self.padded, self.channels)


@dataclass(frozen=True)
class Windows:
    """The neighbourhood of each position (ConvolutionInputGenerator): taps first, channels last.

    Attributes:
        size: height and width of the image; `positions`: those of the result.
        kernel, stride, dilation: of height and width.
    """

    node: str
    kind: str
    size: tuple[int, int]
    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]

    @property
    def positions(self) -> tuple[int, int]:
        """Height and width of the result."""
        return _each(lambda n, e, s: (n - e) // s + 1, self.size, self.extent, self.stride)

    @property
    def restful(self) -> Windows:
        """The same with a stride of one where a window spans the whole image: FINN takes no stride beyond it."""
        stride = _each(lambda n, e, s: 1 if n == e else s, self.size, self.extent, self.stride)
        return replace(self, stride=stride)

    @property
    def extent(self) -> tuple[int, int]:
        """Height and width that a window spans."""
        return _each(lambda k, d: (k - 1) * d + 1, self.kernel, self.dilation)

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Padding`."""
        return (1, *self.positions, self.kernel[0] * self.kernel[1] * self.channels)


@dataclass(frozen=True, eq=False)
class Product:
    """A matrix product at each position (MVAU).

    Attributes:
        kind: of its sums; `source`: of its inputs.
        weights: shape (inputs, outputs).
        positions: (), or height and width.
    """

    node: str
    kind: str
    source: str
    weights: Integers
    positions: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Padding`."""
        return (1, *self.positions, self.weights.shape[1])


@dataclass(frozen=True, eq=False)
class Levels:
    """Thresholds (Thresholding): ``least + number of thresholds reached``.

    Attributes:
        kind: of what it yields; `source`: of what comes in; `limits`: of its thresholds.
        table: shape (channels or 1, levels), ascending along levels.
        shift: the graph's value less the held one.
    """

    node: str
    kind: str
    source: str
    limits: str
    table: Integers
    least: int
    channels: int
    positions: tuple[int, ...]
    shift: int

    @property
    def shape(self) -> tuple[int, ...]:
        """See `Padding`."""
        return (1, *self.positions, self.channels)


Layer = Padding | Windows | Product | Levels


@dataclass(frozen=True)
class Chain:
    """All layers of a graph.

    Attributes:
        kind: of the input, which is held as it is.
    """

    kind: str
    layers: tuple[Layer, ...]

    @property
    def answers(self) -> tuple[tuple[str, int], ...]:
        """What is compared: each node whose tensor thresholds or the last layer yield, and its shift."""
        last = self.layers[-1]
        found = [(layer.node, layer.shift) for layer in self.layers if isinstance(layer, Levels)]
        return (*found, *([] if isinstance(last, Levels) else [(last.node, 0)]))


def held_as(low: int, high: int) -> str:
    """Name of the narrowest type of two bits or more for values from `low` to `high`."""
    name = IntType(low, high).datatype
    return {"BINARY": "UINT2", "BIPOLAR": "INT2", "INT1": "INT2"}.get(name, name)


def bits_of(kind: str) -> int:
    """Bits of a type by its name."""
    return IntType.of(kind).bits


def _each(of: Any, *pairs: Sequence[int]) -> tuple[int, int]:
    first, second = (of(*values) for values in zip(*pairs, strict=True))
    return first, second
