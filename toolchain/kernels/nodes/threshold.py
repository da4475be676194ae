"""Counting thresholds: by one multiplication where there is such a form, else one by one or by halves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Threshold, Uniform
from toolchain.kernels.c_text import accumulating, array_type, c_type, constant, literal, typed_constant
from toolchain.kernels.registers import SCALED
from toolchain.kernels.row import Row, RowKernel, one_for_all
from toolchain.kernels.scaling import Scaling, guarded, scale_of_either, scaling
from toolchain.kernels.variants import BLOCK, CHOSEN, PRODUCTS
from toolchain.kernels.ways import COMPARED, MULTIPLIED, REGISTERS, allowed

# Up to so many thresholds are compared one by one, which takes no branch.
_FEW = 16


def kernel(op: Threshold, name: str, xs: tuple[Row, ...], y: Row, way: str | None = None) -> RowKernel:
    """``step * count + least`` of each channel."""
    (x,) = xs
    if not op.levels:
        return RowKernel((f"for (int c = 0; c < {y.size}; c++)", f"    y[c] = {literal(op.least)};", "(void)x0;"))
    channels, ways, few = range(y.size), allowed(op, way), op.levels <= _FEW
    if op.uniform is None or not op.uniform.found.any() or (few and MULTIPLIED not in ways):
        return _compared(op, name, x, y) if few else _counted(op, name, channels, y)
    form = scaling(op, y.size, x.reach) if x.dtype == np.int32 else None
    lines = _by_halves(form, name, y) if form and form.halves else _on_lines(op, op.uniform, name, x, y)
    if form and y.dtype.itemsize == 1 and REGISTERS in ways:
        return _many_at_once(form, lines, name, y)
    apart = np.flatnonzero(~op.uniform.found).tolist()
    return _both(lines, _counted(op, name, apart, y)) if apart else lines


def _many_at_once(form: Scaling, otherwise: RowKernel, name: str, y: Row) -> RowKernel:
    """All rows at once in builds with vector registers."""
    alike = form.alike
    lanes = np.minimum(np.arange(BLOCK if alike else -(-y.size // BLOCK) * BLOCK), y.size - 1)
    at_once = (
        "#ifdef MODEL_DOTS",
        f"scaled_rows(x0, rows, {y.size}, &{name}_many_scale, {int(alike)}, (int8_t *)y);",
        "return;",
        "#endif",
    )
    constants = (*otherwise.constants, guarded(scale_of_either(form, lanes, f"{name}_many")))
    return RowKernel(otherwise.body, constants, (CHOSEN, PRODUCTS, SCALED), at_once, REGISTERS)


def _both(first: RowKernel, second: RowKernel) -> RowKernel:
    constants, helpers = first.constants + second.constants, first.helpers + second.helpers
    return RowKernel(first.body + second.body, constants, helpers, way=first.way)


def _value(op: Threshold, count: str, y: Row) -> str:
    scaled = count if op.step == 1 else f"{literal(op.step)} * {count}"
    return f"({y.c})({scaled} + ({literal(op.least)}))" if op.least else f"({y.c})({scaled})"


def _by_halves(form: Scaling, name: str, y: Row) -> RowKernel:
    """``clip((x * multiplier + offset) >> (32 + shift), low, high)``: a processor of 32 bits only needs a high half."""
    constants: list[str] = []

    def part(word: str, values: NDArray[np.int64], kind: str) -> str:
        if one_for_all(values):
            return literal(int(values[0]))
        constants.append(typed_constant(kind, f"{name}_{word}", values))
        return f"{name}_{word}[c]"

    offset = part("offset", form.offset, "int64_t")
    if form.negative is not None:
        offset = f"(x0[c] < 0 ? {part('negative', form.negative, 'int64_t')} : {offset})"
    high = f"(int32_t)(((int64_t)x0[c] * {part('multiplier', form.multiplier, 'int32_t')} + {offset}) >> 32)"
    if (form.shift > 32).any():
        high += f" >> {part('shift', form.shift - 32, 'int8_t')}"
    body = (
        f"for (int c = 0; c < {y.size}; c++) {{",
        f"    const int32_t code = {high};",
        f"    y[c] = ({y.c})(code < {form.low} ? {form.low} : code > {form.high} ? {form.high} : code);",
        "}",
    )
    return RowKernel(body, tuple(constants), way=MULTIPLIED)


def _on_lines(op: Threshold, form: Uniform, name: str, x: Row, y: Row) -> RowKernel:
    """``clip((x * multiplier + offset) >> shift, 0, levels)``."""
    offsets = [form.offset] if form.negative is None else [form.offset, form.negative]
    most = max(int(np.abs(offset).max()) for offset in offsets)
    whole = c_type(accumulating(x.reach * int(form.multiplier.max()) + most, op.levels))
    constants: list[str] = []

    def part(word: str, values: NDArray[np.int64]) -> str:
        if one_for_all(values):
            return literal(int(values.flat[0]))
        constants.append(constant(f"{name}_{word}", values))
        return f"{name}_{word}[c]"

    multiplier, offset = part("multiplier", form.multiplier), part("offset", form.offset)
    if form.negative is not None:
        offset = f"(x0[c] < 0 ? {part('negative', form.negative)} : {offset})"
    shift = part("shift", np.maximum(form.shift, 0))
    body = (
        f"for (int c = 0; c < {y.size}; c++) {{",
        f"    {whole} count = (({whole})x0[c] * {multiplier} + {offset}) >> {shift};",
        f"    count = count < 0 ? 0 : count > {op.levels} ? {op.levels} : count;",
        f"    y[c] = {_value(op, 'count', y)};",
        "}",
    )
    return RowKernel(body, tuple(constants), way=MULTIPLIED)


def _compared(op: Threshold, name: str, x: Row, y: Row) -> RowKernel:
    """One threshold after the other, each against all channels at once."""
    table = np.broadcast_to(op.table, (y.size, op.levels)).T
    shared = bool((table[:, :1] == table).all())
    kind = c_type(accumulating(x.reach, *(int(end) for end in (table.min(), table.max()))))
    constants = [constant(f"{name}_thresholds", table[:, 0] if shared else table)]
    places = [f"{level}" if shared else f"{level * y.size} + c" for level in range(op.levels)]
    count = " + ".join(f"(value >= {name}_thresholds[{place}])" for place in places)
    body = (
        f"for (int c = 0; c < {y.size}; c++) {{",
        f"    const {kind} value = x0[c];",
        f"    const int count = {count};",
        f"    y[c] = {_value(op, 'count', y)};",
        "}",
    )
    return RowKernel(body, tuple(constants), way=COMPARED)


def _counted(op: Threshold, name: str, channels: Sequence[int], y: Row) -> RowKernel:
    """Thresholds of some channels, compared."""
    shared = len(op.table) == 1
    table = op.table if shared else op.table[list(channels)]
    constants = [constant(f"{name}_thresholds", table)]
    channel = "c"
    if len(channels) != y.size:
        constants.append(constant(f"{name}_apart", channels))
        channel = f"{name}_apart[c]"
    row = f"{name}_thresholds" if shared else f"{name}_thresholds + c * {op.levels}"
    body = (
        f"for (int c = 0; c < {len(channels)}; c++) {{",
        f"    int count = {name}_count({row}, x0[{channel}]);",
        f"    y[{channel}] = {_value(op, 'count', y)};",
        "}",
    )
    return RowKernel(body, (*constants, _count(op.levels, name, array_type(table))), way=COMPARED)


def _count(levels: int, name: str, kind: str) -> str:
    """The function that counts the thresholds that a value reaches."""
    head = f"static int {name}_count(const {kind} *thresholds, int64_t value)\n{{\n"
    if levels <= _FEW:
        return head + (
            "    int count = 0;\n"
            f"    for (int i = 0; i < {levels}; i++)\n"
            "        count += value >= thresholds[i];\n"
            "    return count;\n}\n"
        )
    return head + (
        f"    int low = 0, high = {levels};\n"
        "    while (low < high) {\n"
        "        int middle = (low + high) / 2;\n"
        "        if (value >= thresholds[middle])\n"
        "            low = middle + 1;\n"
        "        else\n"
        "            high = middle;\n"
        "    }\n"
        "    return low;\n}\n"
    )
