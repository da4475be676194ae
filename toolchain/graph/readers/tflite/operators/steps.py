"""How windows go over an image in TFLite: SAME pads so that every stride's start is inside, more at the end."""

from __future__ import annotations

from collections.abc import Sequence

from toolchain.errors import ModelError
from toolchain.graph.ops import Window
from toolchain.graph.readers.tflite.building import positions
from toolchain.graph.readers.tflite.flatbuffer import MOST_CHANNELS, Operator

_SAME, _VALID = 0, 1
_MOST_STEP = 2**16


def window_of(operator: Operator, sizes: Sequence[int], channels: int, kernel: tuple[int, int], fill: int) -> Window:
    """The window of a convolution or pooling.

    Args:
        sizes: height and width of what comes in.
        fill: what padding holds.

    Raises:
        ModelError: a kernel, stride or dilation is out of range, or the padding is unknown.
    """
    options = operator.options
    stride = (options["StrideH"], options["StrideW"])
    dilation = (options.get("DilationHFactor", 1), options.get("DilationWFactor", 1))
    if not all(1 <= n <= _MOST_STEP for n in (*kernel, *stride, *dilation)):
        raise ModelError(f"kernel {kernel}, stride {stride}, dilation {dilation}; 1 to {_MOST_STEP} are expected")
    if len(sizes) != 2 or options["Padding"] not in (_SAME, _VALID):
        raise ModelError(f"{len(sizes)} spatial axes, padding {options['Padding']}; two, and SAME or VALID are read")
    sides = [_sides(*axis, options["Padding"]) for axis in zip(sizes, kernel, stride, dilation, strict=True)]
    before, after = (tuple(side[end] for side in sides) for end in (0, 1))
    if kernel[0] * kernel[1] * channels > MOST_CHANNELS:
        raise ModelError(f"a kernel of {kernel} over {channels} channels; {MOST_CHANNELS:,} values at most")
    return Window(kernel, stride, before, after, dilation, fill)


def _sides(size: int, kernel: int, stride: int, dilation: int, padding: int) -> tuple[int, int]:
    if padding == _VALID:
        return 0, 0
    extent = (kernel - 1) * dilation + 1
    total = max((positions(size, stride) - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def moves_nothing(window: Window) -> bool:
    """Whether each position is a window of its own."""
    return window.taps == 1 and not window.padded and max(window.stride) == 1
