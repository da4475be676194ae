"""Sums of several tensors, and changes of unit."""

from __future__ import annotations

from toolchain.graph.ops import Add
from toolchain.kernels.c_text import accumulating, c_type, literal
from toolchain.kernels.row import Row, RowKernel


def kernel(op: Add, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """The sum of ``factor * x`` over what it takes."""
    total = c_type(accumulating(sum(abs(f) * x.reach for f, x in zip(op.factors, xs, strict=True))))
    terms = " + ".join(f"{literal(f)} * ({total})x{i}[c]" for i, f in enumerate(op.factors))
    return RowKernel((f"for (int c = 0; c < {y.size}; c++)", f"    y[c] = ({y.c})({terms});"))
