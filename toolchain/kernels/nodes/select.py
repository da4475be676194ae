"""Some channels of a tensor, or all in another order."""

from __future__ import annotations

from toolchain.graph.ops import Select
from toolchain.kernels.c_text import constant
from toolchain.kernels.row import Row, RowKernel


def kernel(op: Select, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """Copies by a table of channels."""
    return RowKernel(
        (f"for (int c = 0; c < {y.size}; c++)", f"    y[c] = ({y.c})x0[{name}_channels[c]];"),
        (constant(f"{name}_channels", op.channels),),
    )
