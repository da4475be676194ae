"""The greatest, or the sum, over the taps of a window."""

from __future__ import annotations

from toolchain.graph.ops import Reduce
from toolchain.kernels.c_text import Whole, accumulating, c_type
from toolchain.kernels.row import Row, RowKernel


def sums_of(op: Reduce, x: Row) -> Whole:
    """The dtype in which no partial sum overflows; a greatest value has that of the values."""
    return accumulating(op.taps * x.reach) if op.kind == "sum" else x.dtype


def kernel(op: Reduce, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """Tap by tap, all channels at once, where the result holds what comes on the way."""
    (x,) = xs
    whole = sums_of(op, x)
    if whole != y.dtype:
        return _by_channels(op, c_type(whole), y)
    step = _step(op, "y[c]", f"x0[t * {y.size} + c]", y.c)
    return RowKernel(
        (
            f"for (int c = 0; c < {y.size}; c++)",
            "    y[c] = x0[c];",
            f"for (int t = 1; t < {op.taps}; t++)",
            f"    for (int c = 0; c < {y.size}; c++)",
            f"        {step}",
        )
    )


def _by_channels(op: Reduce, whole: str, y: Row) -> RowKernel:
    return RowKernel(
        (
            f"for (int c = 0; c < {y.size}; c++) {{",
            f"    {whole} total = x0[c];",
            f"    for (int t = 1; t < {op.taps}; t++)",
            f"        {_step(op, 'total', f'x0[t * {y.size} + c]', whole)}",
            f"    y[c] = ({y.c})total;",
            "}",
        )
    )


def _step(op: Reduce, total: str, tap: str, kind: str) -> str:
    return f"{total} += {tap};" if op.kind == "sum" else f"{total} = {tap} > {total} ? {tap} : {total};"
