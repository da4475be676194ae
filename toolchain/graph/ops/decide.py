"""What ends a network that names a class."""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import override

from toolchain.graph.ops.base import Op
from toolchain.graph.types import Integers, TensorType


@dataclass(frozen=True)
class ArgMax(Op):
    """The channel of the greatest value, the first of equal ones: one channel."""

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        return TensorType((*x.shape[:-1], 1), 0, x.channels - 1)

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        label: Integers = x.argmax(axis=-1)
        return label[..., None]

    @override
    def operations(self, *types: TensorType) -> int:
        return types[0].size
