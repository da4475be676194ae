"""Channels of several tensors side by side."""

from __future__ import annotations

from toolchain.graph.ops import Concat
from toolchain.kernels.row import Row, RowKernel


def kernel(op: Concat, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """Copies each row behind the one before."""
    body: list[str] = []
    start = 0
    for i, x in enumerate(xs):
        body += [f"for (int c = 0; c < {x.size}; c++)", f"    y[{start} + c] = ({y.c})x{i}[c];"]
        start += x.size
    return RowKernel(tuple(body))
