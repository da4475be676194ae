"""What every node kind says of itself in C: a function from rows of the last axis to a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from toolchain.graph.types import TensorType
from toolchain.kernels.c_text import Whole, c_type


@dataclass(frozen=True)
class Row:
    """A row as a kernel sees it: its tensor's type, and the dtype that its elements are kept in."""

    type: TensorType
    dtype: Whole

    @property
    def c(self) -> str:
        """The C type of an element."""
        return c_type(self.dtype)

    @property
    def size(self) -> int:
        """Elements."""
        return self.type.channels

    @property
    def reach(self) -> int:
        """The greatest magnitude of a value."""
        return int(self.type.magnitude.max())


@dataclass(frozen=True)
class RowKernel:
    """A function of rows, as C.

    Attributes:
        body: what stands between its braces; the rows that it takes are `x0`, `x1` and so on, what it makes is `y`.
        constants: definitions that stand before it.
        helpers: definitions that several kernels may share.
        at_once: what stands before the loop over rows, and may do for all of them, of which there are `rows`.
        way: which of several it is, of `toolchain.kernels.ways`.
    """

    body: tuple[str, ...]
    constants: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    at_once: tuple[str, ...] = ()
    way: str = ""


def one_for_all(values: NDArray[Any]) -> bool:
    """Whether all values are alike, so that one stands for all."""
    return bool((values == values.flat[0]).all())
