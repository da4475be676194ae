"""ADD and SUB: both inputs are rescaled to a common fine scale by a table each, summed, and rescaled once more."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.ops import Add, Linear, Repeat, Select
from toolchain.graph.readers.tflite.building import Building, inner
from toolchain.graph.readers.tflite.flatbuffer import MOST_CHANNELS, Operator, Tensor
from toolchain.graph.readers.tflite.quantised import (
    Rescaling,
    active_range,
    checked,
    limits,
    scale_of,
    zero_of,
)

Whole = NDArray[np.int64]

# Bits that TFLite adds below the point before it rescales.
_FINER = 20


def add(b: Building, operator: Operator) -> str:
    """ADD."""
    return _sum(b, operator, 1)


def subtract(b: Building, operator: Operator) -> str:
    """SUB."""
    return _sum(b, operator, -1)


def _sum(b: Building, operator: Operator, sign: Literal[1, -1]) -> str:
    sources, result = [checked(b.tensor(operator, place)) for place in (0, 1)], b.output(operator)
    twice = 2 * max(scale_of(source) for source in sources)
    back, zero = Rescaling(twice / (2**_FINER * scale_of(result))), zero_of(result)
    total = _total(b, operator, sources, twice, sign)
    back.check("sums", float(b.type(total).magnitude.max()))
    span = active_range(result, operator.options["FusedActivationFunction"])
    return b.requantised(operator, total, lambda x: back(x) + zero, span, shared=True)


def _total(b: Building, operator: Operator, sources: list[Tensor], twice: float, sign: Literal[1, -1]) -> str:
    constant = [source.data is not None for source in sources]
    if all(constant):
        raise ModelError("both inputs are constants; fold them when exporting")
    if not any(constant):
        nodes = [_rescaled(b, operator, place, twice) for place in (0, 1)]
        return b.add(operator, "sum", Add((1, sign)), *nodes)
    place = constant.index(False)
    offset = _finer(sources[1 - place], twice)[_entries(sources[1 - place])]
    signs = (1, sign) if place == 0 else (sign, 1)
    return _shifted(b, operator, _rescaled(b, operator, place, twice), offset, signs)


def _finer(source: Tensor, twice: float) -> Whole:
    """What each code of a tensor becomes, from the least code on."""
    low, high = limits(source)
    codes = np.arange(low, high + 1, dtype=np.int64) - zero_of(source)
    return Rescaling(scale_of(source) / twice)(codes << _FINER)


def _entries(source: Tensor) -> NDArray[np.intp]:
    return source.values.astype(np.intp) - limits(source)[0]


def _rescaled(b: Building, operator: Operator, place: int, twice: float) -> str:
    """An input's node at the fine scale, in the output's shape."""
    source, node = b.tensor(operator, place), b.node(operator, place)
    spread = _spread(b, operator, f"spread_{place}", node, inner(b.output(operator)))
    return b.looked_up(operator, f"rescaled_{place}", spread, _finer(source, twice), limits(source)[0])


def _spread(b: Building, operator: Operator, part: str, node: str, shape: tuple[int, ...]) -> str:
    """Repeat axes of 1 until the shape is reached."""
    have = b.shape(node)
    have = (1,) * (len(shape) - len(have)) + have
    if len(have) != len(shape) or any(n not in (1, m) for n, m in zip(have, shape, strict=True)):
        raise ModelError(f"shape {b.shape(node)} cannot be spread to {shape}")
    node = b.reshaped(operator, f"{part}_shape", node, have)
    if have[-1] != shape[-1]:
        node = b.add(operator, f"{part}_channels", Select((0,) * shape[-1]), node)
    by = tuple(m // n for n, m in zip(have[:-1], shape[:-1], strict=True))
    return b.add(operator, part, Repeat(by), node) if max(by, default=1) > 1 else node


def _shifted(b: Building, operator: Operator, node: str, offset: Whole, signs: tuple[int, int]) -> str:
    """``signs[0] * node + signs[1] * offset`` for a constant: a bias a channel, or one an element."""
    shape = b.shape(node)
    whole = np.broadcast_to(offset[0] if offset.ndim == len(shape) + 1 else offset, shape)
    rows = whole.reshape(-1, shape[-1])
    alike = bool((rows == rows[0]).all())
    if not alike and whole.size > MOST_CHANNELS:
        raise ModelError(f"a constant of {whole.size:,} elements; {MOST_CHANNELS:,} at most, or one a channel")
    bias = signs[1] * (rows[0] if alike else whole.reshape(-1))
    flat = node if alike else b.reshaped(operator, "flat", node, (whole.size,))
    op = Linear(np.full((1, len(bias)), signs[0]), bias, groups=len(bias))
    return b.reshaped(operator, "shape", b.add(operator, "sum", op, flat), shape)
