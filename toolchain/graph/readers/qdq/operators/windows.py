"""How windows go over space in ONNX."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import Window
from toolchain.graph.readers.growing import MOST_ELEMENTS
from toolchain.graph.readers.qdq.model import attributes

_MOST_STEP = 2**16


def window_of(node: NodeProto, sizes: Sequence[int], channels: int, kernel: Sequence[int] | None, fill: int) -> Window:
    """The window of a convolution or pooling.

    Args:
        sizes: of the axes of space.
        kernel: of the weights; the attribute where None.
        fill: what padding holds.

    Raises:
        ModelError: a setting is out of range, or unknown.
    """
    settings, axes = attributes(node), len(sizes)
    if axes not in (1, 2):
        raise ModelError(f"{axes} axes of space; one or two are read")
    size = list(settings.get("kernel_shape", kernel or ()))
    stride, dilation = (list(settings.get(key, [1] * axes)) for key in ("strides", "dilations"))
    if not len(size) == len(stride) == len(dilation) == axes or (kernel is not None and list(kernel) != size):
        raise ModelError(f"kernel {size}, strides {stride} and dilations {dilation} over {axes} axes")
    if not all(1 <= n <= _MOST_STEP for n in (*size, *stride, *dilation)):
        raise ModelError(f"kernel {size}, strides {stride}, dilations {dilation}; 1 to {_MOST_STEP} are expected")
    if math.prod(size) * channels > MOST_ELEMENTS:
        raise ModelError(f"a kernel of {size} over {channels} channels; {MOST_ELEMENTS:,} values at most")
    before, after = _padding(settings, sizes, size, stride, dilation)
    if math.prod(n + b + a for n, b, a in zip(sizes, before, after, strict=True)) * channels > MOST_ELEMENTS:
        raise ModelError(f"padding {before} and {after}; {MOST_ELEMENTS:,} elements at most")
    return Window(tuple(size), tuple(stride), tuple(before), tuple(after), tuple(dilation), fill)


def _padding(
    settings: dict[str, Any], sizes: Sequence[int], kernel: list[int], stride: list[int], dilation: list[int]
) -> tuple[list[int], list[int]]:
    auto = settings.get("auto_pad", "NOTSET")
    axes = len(sizes)
    if auto in ("NOTSET", ""):
        pads = list(settings.get("pads", [0] * 2 * axes))
        if len(pads) != 2 * axes or min(pads) < 0:
            raise ModelError(f"pads {pads} over {axes} axes; 0 or more, a start and an end each, are expected")
        before, after = pads[:axes], pads[axes:]
    elif auto in ("SAME_UPPER", "SAME_LOWER"):
        if max(dilation) > 1:
            raise ModelError(f"auto_pad {auto} with dilations {dilation}, which ONNX Runtime refuses; name the pads")
        totals = [_same(*axis) for axis in zip(sizes, kernel, stride, dilation, strict=True)]
        less, more = [t // 2 for t in totals], [t - t // 2 for t in totals]
        before, after = (less, more) if auto == "SAME_UPPER" else (more, less)
    elif auto == "VALID":
        before, after = [0] * axes, [0] * axes
    else:
        raise ModelError(f"auto_pad {auto!r}; NOTSET, SAME_UPPER, SAME_LOWER and VALID are known")
    if settings.get("ceil_mode", 0) and any(
        _rest(*axis) for axis in zip(sizes, before, after, kernel, stride, dilation, strict=True)
    ):
        raise ModelError("ceil_mode adds windows that hang over the border; export with ceil_mode=False, or padded")
    return before, after


def _same(size: int, kernel: int, stride: int, dilation: int) -> int:
    extent = (kernel - 1) * dilation + 1
    return max((math.ceil(size / stride) - 1) * stride + extent - size, 0)


def _rest(size: int, before: int, after: int, kernel: int, stride: int, dilation: int) -> int:
    return (size + before + after - (kernel - 1) * dilation - 1) % stride


def moves_nothing(window: Window) -> bool:
    """Whether each position is a window of its own."""
    return window.taps == 1 and not window.padded and max(window.stride) == 1
