"""What moves positions, in C: windows row by row, and whole tensors that are repeated or transposed."""

from __future__ import annotations

import math

from toolchain.graph.ops import Repeat, Transpose, Window
from toolchain.graph.types import TensorType
from toolchain.kernels.c_text import c_type, stored


def window_row(op: Window, x: TensorType, result: TensorType, y: str) -> tuple[str, ...]:
    """Gathers the row of position `p + r` of a tensor `x0` into `row`, whose elements are of C type `y`."""
    loops, inside, place = _taps(op, x, result)
    source = f"x0 + (size_t)({place}) * {x.channels}"
    copy: tuple[str, ...]
    if c_type(stored(x)) == y:
        copy = (f"    memcpy(row + (size_t)tap * {x.channels}, {source}, {x.channels} * sizeof(*row));",)
    else:
        copy = (
            f"    for (int c = 0; c < {x.channels}; c++)",
            f"        row[tap * {x.channels} + c] = ({y})({source})[c];",
        )
    if not op.padded:
        return (*loops, *copy, "}" * len(op.kernel))
    fill = (
        "    } else {",
        f"        for (int c = 0; c < {x.channels}; c++)",
        f"            row[tap * {x.channels} + c] = {op.fill};",
        "    }",
    )
    tapped = (*loops, f"    if ({inside}) {{", *(f"    {line}" for line in copy), *fill, "}" * len(op.kernel))
    return _within(op, x, tapped) if c_type(stored(x)) == y and len(op.kernel) == 2 and op.dilation[1] == 1 else tapped


def _within(op: Window, x: TensorType, tapped: tuple[str, ...]) -> tuple[str, ...]:
    """The same, by whole rows of taps where no tap lies outside, as most windows' do."""
    starts, rest = tapped[:2], tapped[2:]
    (tall, wide), across = op.kernel, op.kernel[1] * x.channels
    last = (tall - 1) * op.dilation[0]
    inside = f"start0 >= 0 && start0 + {last} < {x.shape[0]} && start1 >= 0 && start1 + {wide} <= {x.shape[1]}"
    source = f"x0 + ((size_t)(start0 + i * {op.dilation[0]}) * {x.shape[1]} + (size_t)start1) * {x.channels}"
    return (
        *starts,
        f"if ({inside}) {{",
        f"    for (int i = 0; i < {tall}; i++)",
        f"        memcpy(row + (size_t)i * {across}, {source}, {across} * sizeof(*row));",
        "    continue;",
        "}",
        *rest,
    )


def _taps(op: Window, x: TensorType, result: TensorType) -> tuple[tuple[str, ...], str, str]:
    """Loops over the taps, which count `tap`; the condition to be inside; and the place of a tap's position."""
    names = ["i", "j"][: len(op.kernel)]
    left, lines = "(p + r)", []
    sizes = result.shape[:-1]
    starts = []
    for axis, (stride, before) in enumerate(zip(op.stride, op.before, strict=True)):
        behind = math.prod(sizes[axis + 1 :])
        position = f"{left} / {behind}" if behind > 1 else left
        starts.append(f"const int start{axis} = {position} * {stride} - {before};")
        left = f"{left} % {behind}"
    lines += [*starts, "int tap = 0;"]
    for axis, name in enumerate(names):
        count = "tap++" if axis == len(names) - 1 else ""
        step = f"{name}++, {count}" if count else f"{name}++"
        lines.append(f"for (int {name} = 0; {name} < {op.kernel[axis]}; {step}) {{")
        lines.append(f"    const int at{axis} = start{axis} + {name} * {op.dilation[axis]};")
    ends = [f"at{axis} >= 0 && at{axis} < {size}" for axis, size in enumerate(x.shape[:-1])]
    place = "at0" if len(names) == 1 else f"at0 * {x.shape[1]} + at1"
    return tuple(lines), " && ".join(ends), place


def whole(op: Repeat | Transpose, x: TensorType, result: TensorType) -> tuple[str, ...]:
    """Fills a tensor `y`, element by element or channels at a time, from a tensor `x0`."""
    sizes = result.shape
    steps = _repeated(op, x) if isinstance(op, Repeat) else _strides(op, x)
    names = [f"i{axis}" for axis in range(len(sizes))]
    lines, depth = ["size_t to = 0;"], ""
    for name, size in zip(names, sizes, strict=True):
        lines.append(f"{depth}for (int {name} = 0; {name} < {size}; {name}++)")
        depth += "    "
    place = " + ".join(
        f"(size_t)({name} / {by}) * {step}" if by > 1 else f"(size_t){name} * {step}"
        for name, (step, by) in zip(names, steps, strict=True)
    )
    return (*lines, f"{depth}y[to++] = ({c_type(stored(result))})x0[{place}];")


def _strides(op: Transpose, x: TensorType) -> list[tuple[int, int]]:
    """For each axis of the result, how far apart its elements lie in what comes in."""
    return [(math.prod(x.shape[axis + 1 :]), 1) for axis in op.order]


def _repeated(op: Repeat, x: TensorType) -> list[tuple[int, int]]:
    own = [math.prod(x.shape[axis + 1 :]) for axis in range(len(x.shape))]
    return list(zip(own, (*op.by, 1), strict=True))
