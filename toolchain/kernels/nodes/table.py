"""Any function of a small integer, looked up."""

from __future__ import annotations

from toolchain.graph.ops import Table
from toolchain.kernels.c_text import constant, literal
from toolchain.kernels.row import Row, RowKernel


def kernel(op: Table, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """One table for all channels, or one for each."""
    rows, entries = op.values.shape
    start = f"c * {entries} + " if rows > 1 else ""
    return RowKernel(
        (
            f"for (int c = 0; c < {y.size}; c++)",
            f"    y[c] = ({y.c}){name}_values[{start}(int)(x0[c] - ({literal(op.low)}))];",
        ),
        (constant(f"{name}_values", op.values),),
    )
