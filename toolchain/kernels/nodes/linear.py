"""Matrix products: dense layers, and convolutions behind a window."""

from __future__ import annotations

import numpy as np

from toolchain.graph.ops import Linear
from toolchain.kernels.c_text import Whole, accumulating, array_type, c_type, constant, wide_constant
from toolchain.kernels.row import Row, RowKernel, one_for_all
from toolchain.kernels.variants import DOTS

# Fewer inputs than that are added up sooner one by one; more would make a copy of a row large.
_LEAST_INPUTS, _MOST_INPUTS = 16, 8192


def sums_of(op: Linear, x: Row) -> Whole:
    """The dtype in which no partial sum overflows."""
    return accumulating(int(op.largest_sum(x.type.magnitude)))


def kernel(op: Linear, name: str, xs: tuple[Row, ...], y: Row) -> RowKernel:
    """Each output a dot product; where each channel is for itself, tap by tap, all channels at once."""
    (x,) = xs
    inner = len(op.weights) // op.taps
    if op.groups > 1 and inner == 1 and y.dtype == sums_of(op, x):
        return _tap_by_tap(op, name, y)
    return _by_outputs(op, name, x, y, inner)


def _bias(op: Linear, name: str, constants: list[str]) -> str:
    if one_for_all(op.bias):
        return str(int(op.bias[0]))
    constants.append(constant(f"{name}_bias", op.bias))
    return f"{name}_bias[c]"


def _tap_by_tap(op: Linear, name: str, y: Row) -> RowKernel:
    constants = [constant(f"{name}_weights", op.weights)]
    each = op.outputs // op.groups
    channel = "c" if each == 1 else f"c / {each}"
    return RowKernel(
        (
            f"for (int c = 0; c < {op.outputs}; c++)",
            f"    y[c] = {_bias(op, name, constants)};",
            f"for (int t = 0; t < {op.taps}; t++)",
            f"    for (int c = 0; c < {op.outputs}; c++)",
            f"        y[c] += ({y.c})x0[t * {op.groups} + {channel}] * {name}_weights[t * {op.outputs} + c];",
        ),
        tuple(constants),
    )


def _by_outputs(op: Linear, name: str, x: Row, y: Row, inner: int) -> RowKernel:
    """Weights lie output by output, and of each in the order of the inputs."""
    constants = [constant(f"{name}_weights", np.ascontiguousarray(op.weights.T))]
    total, each = c_type(sums_of(op, x)), op.outputs // op.groups
    quick = _by_vnni(op, name, x, y, constants)
    head = (
        *quick,
        f"for (int c = 0; c < {op.outputs}; c++) {{",
        f"    const {array_type(op.weights)} *weights = {name}_weights + (size_t)c * {len(op.weights)};",
        f"    {total} sum = {_bias(op, name, constants)};",
    )
    tail = (f"    y[c] = ({y.c})sum;", "}")
    if op.groups == 1:
        sums: tuple[str, ...] = (
            f"    for (int i = 0; i < {len(op.weights)}; i++)",
            f"        sum += ({total})x0[i] * weights[i];",
        )
    else:
        own = f"t * {inner * op.groups} + c / {each} * {inner} + i"
        sums = (
            f"    for (int t = 0; t < {op.taps}; t++)",
            f"        for (int i = 0; i < {inner}; i++)",
            f"            sum += ({total})x0[{own}] * weights[t * {inner} + i];",
        )
    return RowKernel((*head, *sums, *tail), tuple(constants), (DOTS,) if quick else ())


def _by_vnni(op: Linear, name: str, x: Row, y: Row, constants: list[str]) -> tuple[str, ...]:
    """The same by bytes, on processors that multiply those; nothing where weights, inputs or sums are wider.

    Inputs below 0 are counted from the least byte, and what that adds is taken off where the sums begin.
    """
    bytes_alone = x.c in ("int8_t", "uint8_t") and array_type(op.weights) == "int8_t"
    if op.groups > 1 or not bytes_alone or y.dtype != np.int32 or not _LEAST_INPUTS <= len(op.weights) <= _MOST_INPUTS:
        return ()
    negative = x.type.low.min() < 0
    start = op.bias - (128 * op.weights.sum(axis=0) if negative else 0)
    constants.append(f"#ifdef MODEL_VNNI\n{wide_constant(f'{name}_start', start)}#endif\n")
    given = "codes" if negative else "(const uint8_t *)x0"
    copied = (
        f"    uint8_t codes[{x.size}];",
        f"    for (int i = 0; i < {x.size}; i++)",
        "        codes[i] = (uint8_t)(x0[i] + 128);",
    )
    return (
        "#ifdef MODEL_VNNI",
        'if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw")) {',
        *(copied if negative else ()),
        f"    dots_vnni({given}, {name}_weights, {name}_start, {x.size}, {op.outputs}, y);",
        "    return;",
        "}",
        "#endif",
    )
