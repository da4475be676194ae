"""How a tensor of the integer graph is held in a made graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.types import TensorType

# Every whole number up to these is exact in sums of that type.
LIMITS = {np.dtype(np.float16): 2**11, np.dtype(np.float32): 2**24, np.dtype(np.float64): 2**53}


@dataclass(frozen=True)
class Held:
    """``value = unit * held + least``; channels are the first axis behind the batch.

    Attributes:
        name: the ONNX tensor.
        kind: dtype of its elements: uint8, or a float that holds whole numbers.
        flat: shape, channels last, of what a tensor of one axis was flattened from, channels first, without putting its
            elements into the graph's order; None where they are in order.
        scaled: it is an output already multiplied by its scale, and offset.
    """

    name: str
    kind: np.dtype[Any]
    unit: int = 1
    least: int = 0
    flat: tuple[int, ...] | None = None
    scaled: bool = False

    @property
    def codes(self) -> bool:
        """Whether it is held in bytes."""
        return self.kind == np.uint8

    def bounds(self, kind: TensorType) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Least and greatest held number of each channel."""
        ends = ((kind.low - self.least) // self.unit, (kind.high - self.least) // self.unit)
        return (ends[0], ends[1]) if self.unit > 0 else (ends[1], ends[0])

    def largest(self, kind: TensorType) -> NDArray[np.int64]:
        """Greatest magnitude that is held in each channel."""
        low, high = self.bounds(kind)
        return np.maximum(np.abs(low), np.abs(high))

    def order(self) -> NDArray[np.int64]:
        """Where each element of the graph's order lies in a tensor that was flattened channels first."""
        assert self.flat is not None
        first = np.arange(int(np.prod(self.flat))).reshape(self.flat[-1], *self.flat[:-1])
        return np.moveaxis(first, 0, -1).reshape(-1)

    def integers(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The graph's integers, shape (N, ..., channels), of a tensor of shape (N, channels, ...) that holds them."""
        whole = np.rint(values.astype(np.float64)).astype(np.int64) * self.unit + self.least
        if self.flat is not None:
            return np.asarray(whole[:, self.order()])
        return np.moveaxis(whole, 1, -1)
