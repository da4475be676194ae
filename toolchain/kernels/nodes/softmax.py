"""Softmax in fixed point, step by step as `toolchain.graph.fixed_point` has it."""

from __future__ import annotations

from toolchain.graph.fixed_point import MOST, NEWTON_SLOPE, NEWTON_START
from toolchain.graph.ops import Softmax
from toolchain.kernels.c_text import constant
from toolchain.kernels.row import Row, RowKernel

_HELPERS = f"""\
static int64_t high_product(int64_t a, int64_t b)
{{
    int64_t product = a * b;
    int64_t nudged = product + (product >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30));
    int64_t high = nudged / (INT64_C(1) << 31);
    return high > {MOST} ? {MOST} : high;
}}

static int64_t rounded_shift(int64_t x, int by)
{{
    int64_t mask = (INT64_C(1) << by) - 1;
    return (x >> by) + ((x & mask) > (mask >> 1) + (x < 0));
}}

static int64_t raised(int64_t x, int by)
{{
    int64_t found = x * (INT64_C(1) << by);
    return found > {MOST} ? {MOST} : found < -{MOST} - 1 ? -{MOST} - 1 : found;
}}

/* 2^excess / x with 31 fractional bits, for a sum that has 12 bits before its point. */
static int64_t reciprocal(int64_t x, int *excess)
{{
    int headroom = 32;
    for (int64_t left = x; left; left >>= 1)
        headroom--;
    int64_t half = ((x << headroom) - (INT64_C(1) << 31) + {MOST} + 1) >> 1;
    int64_t guess = {NEWTON_START} + high_product(half, {NEWTON_SLOPE});
    for (int i = 0; i < 3; i++) {{
        int64_t error = (INT64_C(1) << 29) - high_product(half, guess);
        guess += raised(high_product(guess, error), 2);
    }}
    *excess = 12 - headroom;
    return raised(guess, 1);
}}
"""


def kernel(op: Softmax, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """Exponentials by a table of what each value is below the greatest."""
    (x,) = xs
    table = constant(f"{name}_exponentials", op.exponentials(int(x.type.high.max() - x.type.low.min())))
    body = (
        f"{x.c} greatest = x0[0];",
        f"for (int c = 1; c < {x.size}; c++)",
        "    greatest = x0[c] > greatest ? x0[c] : greatest;",
        "int64_t sum = 0;",
        f"for (int c = 0; c < {x.size}; c++)",
        f"    sum += rounded_shift({name}_exponentials[greatest - x0[c]], 12);",
        "int excess;",
        "int64_t inverse = reciprocal(sum, &excess);",
        f"for (int c = 0; c < {x.size}; c++) {{",
        f"    int64_t share = high_product({name}_exponentials[greatest - x0[c]], inverse);",
        "    int64_t code = rounded_shift(share, excess + 31 - 8) - 128;",
        f"    y[c] = ({y.c})(code > 127 ? 127 : code < -128 ? -128 : code);",
        "}",
    )
    return RowKernel(body, (table,), (_HELPERS,))
