"""The number of the greatest value."""

from __future__ import annotations

from toolchain.graph.ops import ArgMax
from toolchain.kernels.row import Row, RowKernel


def kernel(op: ArgMax, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """The first of equal ones."""
    (x,) = xs
    return RowKernel(
        (
            "int greatest = 0;",
            f"for (int c = 1; c < {x.size}; c++)",
            "    if (x0[c] > x0[greatest])",
            "        greatest = c;",
            f"y[0] = ({y.c})greatest;",
        )
    )
