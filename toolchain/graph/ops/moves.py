"""Node kinds that move values and compute none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from toolchain.errors import ModelError
from toolchain.graph.ops.base import Op
from toolchain.graph.types import MAX_CHANNELS, Integers, TensorType, common_step, of_elements


@dataclass(frozen=True)
class Input(Op):
    """Where values enter the graph."""

    type: TensorType
    arity = 0

    @override
    def result(self, *types: TensorType) -> TensorType:
        return self.type

    @override
    def run(self, *values: Integers) -> Integers:
        raise ModelError("an input has no value of its own; feed it")


@dataclass(frozen=True)
class Window(Op):
    """Every position's neighbourhood as one row of channels (im2col): (..., C) to (..., taps * C), taps first.

    A kernel of ones with padding is a padding alone. The spatial axes are one (length) or two (height, width).

    Attributes:
        kernel, stride, dilation: one number a spatial axis.
        before, after: padding at the start and end of each spatial axis.
        fill: what the padding holds.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    dilation: tuple[int, ...]
    fill: int = 0

    @property
    def taps(self) -> int:
        """Number of positions that one window covers."""
        return math.prod(self.kernel)

    @property
    def padded(self) -> bool:
        """Whether any position lies outside the input."""
        return any((*self.before, *self.after))

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        self._check(x)
        low, high, step = x.low, x.high, x.step
        if self.padded:
            low, high = np.minimum(low, self.fill), np.maximum(high, self.fill)
            # Values of one channel count from its `low`; the padding must be one of them.
            step = common_step([step, *np.unique(np.abs(x.low - self.fill)).tolist()], [0])
        shape = (*self._positions(x.shape[:-1]), self.taps * x.channels)
        return TensorType(shape, np.tile(low, self.taps), np.tile(high, self.taps), step)

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        if self.padded:
            edges = [(0, 0), *zip(self.before, self.after, strict=True), (0, 0)]
            wide = x if np.iinfo(x.dtype).min <= self.fill <= np.iinfo(x.dtype).max else x.astype(np.int64)
            x = np.pad(wide, edges, constant_values=self.fill)
        axes = tuple(range(1, x.ndim - 1))
        view = np.lib.stride_tricks.sliding_window_view(x, self._extent, axis=axes)
        steps = tuple(slice(None, None, s) for s in self.stride)
        gaps = tuple(slice(None, None, d) for d in self.dilation)
        view = np.moveaxis(view[(slice(None), *steps, slice(None), *gaps)], len(axes) + 1, -1)
        return np.ascontiguousarray(view).reshape(*view.shape[: len(axes) + 1], -1)

    @property
    def _extent(self) -> tuple[int, ...]:
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def _positions(self, sizes: Sequence[int]) -> tuple[int, ...]:
        padded = (n + b + a for n, b, a in zip(sizes, self.before, self.after, strict=True))
        return tuple((n - e) // s + 1 for n, e, s in zip(padded, self._extent, self.stride, strict=True))

    def _check(self, x: TensorType) -> None:
        settings = (self.kernel, self.stride, self.before, self.after, self.dilation)
        if any(len(s) != len(x.shape) - 1 for s in settings):
            raise ModelError(f"a window of {len(self.kernel)} axes over {len(x.shape) - 1}")
        if min((*self.kernel, *self.stride, *self.dilation)) < 1 or min((*self.before, *self.after)) < 0:
            raise ModelError("kernel, stride and dilation are 1 or more, padding is 0 or more")
        if self.taps * x.channels > MAX_CHANNELS:
            raise ModelError(f"a window of {self.taps:,} taps over {x.channels:,} channels is too large")
        if min(self._positions(x.shape[:-1])) < 1:
            raise ModelError(f"a window of {self._extent} does not fit {x.shape[:-1]} with its padding")


def window(
    kernel: Sequence[int],
    stride: Sequence[int] | None = None,
    before: Sequence[int] | None = None,
    after: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None,
    fill: int = 0,
) -> Window:
    """A `Window` with the usual defaults: stride and dilation 1, no padding; `after` as `before`."""
    ones, zeros = (1,) * len(kernel), (0,) * len(kernel)
    start = tuple(before or zeros)
    return Window(
        tuple(kernel),
        tuple(stride or ones),
        start,
        start if after is None else tuple(after),
        tuple(dilation or ones),
        fill,
    )


@dataclass(frozen=True)
class Repeat(Op):
    """Nearest-neighbour upsampling: each position `by` times along each spatial axis."""

    by: tuple[int, ...]

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if len(self.by) != len(x.shape) - 1 or min(self.by, default=1) < 1:
            raise ModelError(f"repeats {self.by} over {len(x.shape) - 1} axes")
        return x.reshaped((*(n * b for n, b in zip(x.shape[:-1], self.by, strict=True)), x.channels))

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        for axis, by in enumerate(self.by, 1):
            x = x.repeat(by, axis=axis)
        return x


@dataclass(frozen=True)
class Concat(Op):
    """Channels of several tensors side by side."""

    arity = None

    @override
    def result(self, *types: TensorType) -> TensorType:
        if len({t.shape[:-1] for t in types}) != 1:
            raise ModelError(f"shapes {', '.join(str(t.shape) for t in types)} differ beside their channels")
        low, high = (np.concatenate([getattr(t, end) for t in types]) for end in ("low", "high"))
        return TensorType((*types[0].shape[:-1], len(low)), low, high, math.gcd(*(t.step for t in types)))

    @override
    def run(self, *values: Integers) -> Integers:
        return np.concatenate(values, axis=-1)


@dataclass(frozen=True)
class Select(Op):
    """Channels by number: a part of them (Split, Slice), or all in another order."""

    channels: tuple[int, ...]

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if not self.channels or not 0 <= min(self.channels) <= max(self.channels) < x.channels:
            raise ModelError(f"selects channels outside 0 to {x.channels - 1}")
        index = np.array(self.channels)
        return TensorType((*x.shape[:-1], len(index)), x.low[index], x.high[index], x.step)

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        return x[..., np.array(self.channels)]


@dataclass(frozen=True)
class Reshape(Op):
    """The same elements in the same order, channels last; to one axis it is a Flatten."""

    shape: tuple[int, ...]

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if math.prod(self.shape) != x.size:
            raise ModelError(f"shape {x.shape} cannot become {self.shape}")
        if self.shape[-1] == x.channels:
            return x.reshaped(self.shape)
        low, high = x.elements()
        return of_elements(low.reshape(self.shape), high.reshape(self.shape), x.step)

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        return x.reshape(len(x), *self.shape)


@dataclass(frozen=True)
class Transpose(Op):
    """Axes in another order, the batch not counted."""

    order: tuple[int, ...]

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if sorted(self.order) != list(range(len(x.shape))):
            raise ModelError(f"order {self.order} of {len(x.shape)} axes")
        if self.order[-1] == len(x.shape) - 1:
            return x.reshaped([x.shape[axis] for axis in self.order])
        low, high = x.elements()
        return of_elements(low.transpose(self.order), high.transpose(self.order), x.step)

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        return np.ascontiguousarray(x.transpose(0, *(axis + 1 for axis in self.order)))
