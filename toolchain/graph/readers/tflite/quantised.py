"""TFLite's quantisation of tensors and its way from accumulators to 8-bit codes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolchain.errors import ModelError
from toolchain.graph.fixed_point import MOST, multiplier_of, multiply
from toolchain.graph.readers.tflite.flatbuffer import DTYPES, Tensor

Whole = NDArray[np.int64]
Codes = Callable[[Whole], Whole]

_ACTIVATIONS = {0: "NONE", 1: "RELU", 2: "RELU_N1_TO_1", 3: "RELU6", 4: "TANH", 5: "SIGN_BIT"}
_LIMITS = {"NONE": (None, None), "RELU": (0.0, None), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0)}


def scale_of(tensor: Tensor) -> float:
    """The scale of a tensor that has one, as the float32 that it is.

    Raises:
        ModelError: it has none or several, or it is not positive.
    """
    checked(tensor)
    if len(tensor.scale) != 1:
        raise ModelError(f"{tensor} has {len(tensor.scale)} scales; one is expected")
    return float(tensor.scale[0])


def zero_of(tensor: Tensor) -> int:
    """The zero point of a tensor of one scale."""
    scale_of(tensor)
    return int(tensor.zero_point[0])


def checked(tensor: Tensor) -> Tensor:
    """A tensor of 8-bit integers, its scales and zero points checked.

    Raises:
        ModelError: it has another type, no scale, or a wrong one.
    """
    if tensor.type not in ("INT8", "UINT8"):
        raise ModelError(f"{tensor} has type {tensor.type}; {mend(tensor.type)}")
    if not len(tensor.scale) or len(tensor.zero_point) != len(tensor.scale):
        raise ModelError(
            f"{tensor} has {len(tensor.scale)} scales and {len(tensor.zero_point)} zero points; "
            "quantise the network to full integers"
        )
    if not (np.isfinite(tensor.scale).all() and (tensor.scale > 0).all()):
        raise ModelError(f"{tensor} has a scale that is not positive: the file is broken")
    low, high = limits(tensor)
    if (tensor.zero_point < low).any() or (tensor.zero_point > high).any():
        raise ModelError(f"{tensor} has a zero point outside {low} to {high}: the file is broken")
    return tensor


def mend(kind: str) -> str:
    """What to do about a tensor of another type than 8-bit integers."""
    if kind in ("FLOAT32", "FLOAT16", "BFLOAT16", "FLOAT64"):
        return "quantise the network to full integers (TFLITE_BUILTINS_INT8, with a representative data set)"
    if kind == "INT16":
        return "activations of 16 bits are not read; quantise them to 8 (TFLITE_BUILTINS_INT8)"
    return "tensors of INT8 are expected"


def limits(tensor: Tensor) -> tuple[int, int]:
    """Least and greatest code of a tensor's type."""
    held = np.iinfo(DTYPES[tensor.type])
    return int(held.min), int(held.max)


def channel_scales(tensor: Tensor, axis: int, channels: int) -> NDArray[np.float64]:
    """The scale of each output channel of a filter.

    Raises:
        ModelError: they lie along another axis, or are of another number.
    """
    checked(tensor)
    if len(tensor.scale) not in (1, channels) or (len(tensor.scale) > 1 and tensor.axis != axis):
        raise ModelError(
            f"{tensor} has {len(tensor.scale)} scales along axis {tensor.axis}; 1, or {channels} along axis {axis}"
        )
    if len(tensor.scale) > 1 and tensor.zero_point.any():
        raise ModelError(f"{tensor} has zero points of channels other than 0; quantise weights symmetrically")
    return np.broadcast_to(tensor.scale.astype(np.float64), (channels,))


def active_range(output: Tensor, fused: int) -> tuple[int, int]:
    """Least and greatest code that an output takes behind its fused activation.

    Raises:
        ModelError: the activation is none that integers have.
    """
    name = _ACTIVATIONS.get(fused, str(fused))
    if name not in _LIMITS:
        raise ModelError(f"fused activation {name}; {', '.join(_LIMITS)} are read")
    low, high = limits(output)
    under, over = (code_of(output, value) for value in _LIMITS[name])
    low, high = low if under is None else max(low, under), high if over is None else min(high, over)
    if low > high:
        raise ModelError(f"{output}: activation {name} leaves no code of its scale {scale_of(output):g}")
    return low, high


def code_of(tensor: Tensor, value: float | None) -> int | None:
    """The code nearest to a real value, halves away from zero, not clipped; None for None."""
    if value is None:
        return None
    ratio = float(np.float32(value) / tensor.scale[0])
    if abs(ratio) >= MOST:
        raise ModelError(f"{tensor}: a scale of {scale_of(tensor):g} is too small for its activation")
    return zero_of(tensor) + int(away(ratio))


class Rescaling:
    """TFLite's MultiplyByQuantizedMultiplier by one real factor, or one a channel."""

    def __init__(self, factors: ArrayLike) -> None:
        """`factors`: a number, or shape (channels,).

        Raises:
            ModelError: a factor is too large.
        """
        pairs = [multiplier_of(float(f)) for f in np.atleast_1d(np.asarray(factors, np.float64))]
        self.multiplier, self.shift = (np.array(values, np.int64) for values in zip(*pairs, strict=True))
        self.shared = len(pairs) == 1

    def __call__(self, x: Whole) -> Whole:
        """Rescale integers of 32 bits, shape (channels, n); of any shape where there is one factor."""
        if self.shared:
            return multiply(x, int(self.multiplier[0]), int(self.shift[0]))
        return multiply(x, self.multiplier[:, None], self.shift[:, None])

    def check(self, what: str, largest: float) -> None:
        """Refuse accumulators that 32 bits do not hold.

        Args:
            largest: greatest magnitude that any partial sum can have.

        Raises:
            ModelError: they could overflow in TFLite.
        """
        _check(what, largest * 2.0 ** max(0, int(self.shift.max())))


class RealRescaling:
    """The same by the factors themselves in double, halves away from zero: TFLite's reference for dense layers."""

    def __init__(self, factors: NDArray[np.float64]) -> None:
        """`factors`: shape (channels,), or (1,) for all."""
        self._factors = factors[:, None] if len(factors) > 1 else factors
        self.shared = len(factors) == 1

    def __call__(self, x: Whole) -> Whole:
        """Rescale integers of shape (channels, n); of any shape where there is one factor."""
        return away(x * self._factors)

    def check(self, what: str, largest: float) -> None:
        """See `Rescaling.check`; the results must fit 32 bits, too."""
        _check(what, largest * max(1.0, float(self._factors.max())))


def away(x: ArrayLike) -> Whole:
    """The nearest integers, halves away from zero."""
    size = np.abs(np.asarray(x, np.float64))
    whole = np.floor(size)
    rounded: Whole = np.copysign(whole + (size - whole >= 0.5), x).astype(np.int64)
    return rounded


def _check(what: str, largest: float) -> None:
    # The zero point is added in 32 bits, too.
    if largest > MOST - 255:
        raise ModelError(f"{what} of up to {largest:g} overflow TFLite's 32 bits; use smaller weights or nearer scales")
