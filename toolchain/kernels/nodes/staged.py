"""Whether scores are confident, and the answer that counts."""

from __future__ import annotations

from toolchain.graph.ops import Chosen, Confident, Decide
from toolchain.kernels.row import Row, RowKernel


def chosen(op: Chosen, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """Whether the network ends at this width: a lead of 0 against the threshold."""
    return RowKernel(("(void)x0;", f"y[0] = model_thresholds[{op.stage - 1}] <= 0;"))


def confident(op: Confident, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """How far the greatest leads the second greatest."""
    (x,) = xs
    return RowKernel(
        (
            "int64_t first = x0[0], second = INT64_MIN;",
            f"for (int c = 1; c < {x.size}; c++) {{",
            "    const int64_t score = x0[c];",
            "    second = score > first ? first : score > second ? score : second;",
            "    first = score > first ? score : first;",
            "}",
            f"y[0] = first - second >= model_thresholds[{op.stage - 1}];",
        )
    )


def decide(op: Decide, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """The later answer is read only where it counts: it may never have been written."""
    _, scores, _ = xs
    chosen = f"x0[0] ? ({y.c})x1[c] : ({y.c})x2[c]"
    other = f"x2[{scores.size}]" if op.other is None else str(op.other)
    return RowKernel(
        (
            f"for (int c = 0; c < {scores.size}; c++)",
            f"    y[c] = {chosen};",
            f"y[{scores.size}] = ({y.c})(x0[0] ? {op.own} : {other});",
        )
    )
