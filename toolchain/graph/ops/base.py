"""What every node kind of the integer graph can say: the type of its result, and the result. None knows of hardware."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolchain.errors import ModelError
from toolchain.graph.types import Integers, TensorType


class Op(ABC):
    """A node kind. Arrays have a batch as their first axis, types have none."""

    arity: int | None = 1
    """Number of inputs; None for one or more."""

    @abstractmethod
    def result(self, *types: TensorType) -> TensorType:
        """The exact type of the result.

        Raises:
            ModelError: the inputs' types do not fit the node.
        """

    @abstractmethod
    def run(self, *values: Integers) -> Integers:
        """The result of inputs of the types that `result` was asked with, exactly, in any integer dtype."""

    def parameters(self) -> int:
        """Number of stored integers: weights, biases, thresholds, table entries."""
        return 0

    def operations(self, *types: TensorType) -> int:
        """Multiplications, additions of a sum, or comparisons for one input; 0 for what only moves values."""
        return 0


def frozen(values: ArrayLike) -> NDArray[np.int64]:
    """A read-only int64 copy.

    Raises:
        ModelError: the values are no integers.
    """
    given: NDArray[Any] = np.asarray(values)
    if given.dtype.kind not in "iub":
        raise ModelError(f"values of type {given.dtype}; integers are expected")
    copy = np.array(given, np.int64)
    copy.flags.writeable = False
    return copy
