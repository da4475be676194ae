"""Matrix products, convolutions and sums of windows, with the thresholds behind them: what they become."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.ops import Linear, Reduce, Window, window
from toolchain.graph.types import TensorType
from toolchain.runtime.derive.held import LIMITS, Held
from toolchain.runtime.derive.kinds import counts, kernels
from toolchain.runtime.derive.kinds.moves import padded
from toolchain.runtime.derive.maker import Choice, Maker
from toolchain.runtime.derive.regions import Region
from toolchain.runtime.derive.sums import Sums, as_linear, full_weights, kernel_weights, padded_type, sums


def product(maker: Maker, region: Region) -> Held:
    """A matrix product or a sum of windows, and the thresholds behind it."""
    (name,) = region.inputs
    kind, op = maker.type(name), region.core.op
    assert isinstance(op, Linear | Reduce)
    linear = as_linear(op, maker.graph.types_into(region.core)[0].channels)
    held = maker.held[name] if len(kind.shape) == 1 else maker.ordered(name)
    view = region.window or window((1,) * (len(kind.shape) - 1))
    if linear.groups > 1 and linear.taps > 1 and region.window is None and len(kind.shape) > 1:
        held = _by_group(maker, held, linear, region.name)
        # The rows of a group are its taps' channels, in order, either way.
        linear = Linear(linear.weights, linear.bias, linear.groups)
    job = Job(maker, region, linear, view)
    return kernels.made(job, held) or _in_floats(job, held)


@dataclass(frozen=True)
class Job:
    """What is to be made.

    Attributes:
        edges: whether the padding of `view` stands in what is held already.
        pairs: whether what is held comes out of a DequantizeLinear.
    """

    maker: Maker
    region: Region
    linear: Linear
    view: Window
    edges: bool = False
    pairs: bool = False

    @property
    def dense(self) -> bool:
        """Whether it takes a row, not positions."""
        return not self.view.kernel

    @property
    def entering(self) -> TensorType:
        """The type of what enters, its padding included."""
        return padded_type(self.maker.type(self.region.inputs[0]), self.view)

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes of a convolution."""
        view = self.view
        pads = [0] * 2 * len(view.kernel) if self.edges else [*view.before, *view.after]
        words = {"kernel_shape": view.kernel, "strides": view.stride, "dilations": view.dilation, "pads": pads}
        return {"group": self.linear.groups, **{key: list(value) for key, value in words.items()}}

    def sums(self, held: Held) -> Sums:
        """The sums of what is held."""
        result = self.maker.type(self.region.core.name)
        return sums(self.linear, held, self.entering, result, self.region.head)


def _by_group(maker: Maker, held: Held, linear: Linear, name: str) -> Held:
    """Channels of taps as channels of groups: all that one group takes side by side."""
    order = np.arange(linear.inputs).reshape(linear.taps, linear.groups, -1).transpose(1, 0, 2).reshape(-1)
    index = maker.constant(order, f"{name}_groups")
    return replace(held, name=maker.add("Gather", [held.name, index], f"{name}_grouped", axis=1))


def _in_floats(job: Job, held: Held) -> Held:
    maker, (name,) = job.maker, job.region.inputs
    held = maker.paired(_narrow(maker, held, name), name)
    # Weights beside floats would make ONNX Runtime quantise those.
    job = replace(job, pairs=maker.is_paired(held))
    if job.view.padded and held.least != job.view.fill:
        held, _ = padded(maker, name, held, job.view)
        job = replace(job, edges=True)
    whole = job.sums(held)
    if job.region.head is None:
        return _plain(job, held, whole)
    if held.kind == maker.style.real and whole.steps.found.all() and _holds(maker, whole):
        return _stepped(job, held, whole)
    return counts.counted(maker, job.region, _accumulated(job, held, whole), whole)


def _narrow(maker: Maker, held: Held, name: str) -> Held:
    """Held in the style's own float, if that can hold it."""
    real = maker.style.real
    if held.largest(maker.type(name)).max() > LIMITS[real]:
        return held
    return replace(held, name=maker.cast(held.name, held.kind, real), kind=real)


def _holds(maker: Maker, whole: Sums) -> bool:
    """Whether the sums and the offset of each step are exact in the style's own float, and so is what follows."""
    reach, real = whole.largest + int(np.abs(whole.steps.offset).max()), maker.style.real
    if real == np.float32 or reach > LIMITS[real]:
        return reach <= LIMITS[real]
    return whole.steps.powers and reach * float(whole.steps.scale.max()) <= float(np.finfo(real).max)


def _plain(job: Job, held: Held, whole: Sums) -> Held:
    """Sums that no thresholds follow: the integers, or the output's own values."""
    maker, name = job.maker, job.region.name
    scale = maker.output_scale(name)
    real = maker.style.real
    if scale is not None and _is_power(scale) and whole.largest * max(float(scale), 1.0) <= LIMITS[real]:
        current = _multiplied(job, held, whole.linear, float(scale), whole.linear.bias * float(scale))
        return Held(current, real, scaled=True)
    return _accumulated(job, held, whole)


def _is_power(scale: np.floating[Any]) -> bool:
    return bool(np.frexp(scale)[0] == 0.5)


def _stepped(job: Job, held: Held, whole: Sums) -> Held:
    """Thresholds as one multiplication: within the weights where that rounds nothing, behind the sums elsewhere."""
    maker, region, form = job.maker, job.region, whole.steps
    op, kind = region.head, maker.style.real
    assert op is not None
    base = maker.base(region.name, op)
    linear = replace(whole.linear, bias=whole.linear.bias + form.offset)
    maker.choices.append(Choice(region.name, "scale", (len(form.found), len(form.found))))
    reach = whole.largest + int(np.abs(form.offset).max() + abs(form.zero - base) / form.scale.min())
    if form.powers and reach <= LIMITS[kind] and reach * form.scale.max() <= np.finfo(kind).max:
        # Rounding to even moves along by even numbers only.
        shift = (form.zero - base) // 2 * 2
        bias = linear.bias * form.scale.astype(np.float64) + shift
        current = _multiplied(job, held, linear, form.scale, bias)
        return counts.rounded(maker, region, current, form.zero - shift, base, op, whole=bool((form.scale >= 1).all()))
    current = _multiplied(job, held, linear, 1.0, linear.bias)
    return counts.scaled(maker, region, current, form, base, op, (int(whole.low.min()), int(whole.high.max())))


def _multiplied(job: Job, held: Held, linear: Linear, scale: Any, bias: NDArray[Any]) -> str:
    """``held . weights * scale + bias`` by the float operators; the scale must round nothing."""
    maker, name, kind = job.maker, job.region.name, job.maker.style.real
    if job.dense:
        order = None if held.flat is None else held.order()
        weights = _weights(job, full_weights(linear, order), scale, 1)
    else:
        weights = _weights(job, kernel_weights(linear, job.view.kernel), scale, 0)
    parts = [held.name, weights]
    if np.any(bias):
        parts.append(maker.constant(np.asarray(bias).astype(kind), f"{name}_bias"))
    if job.dense:
        return maker.add("Gemm", parts, f"{name}_sums")
    return maker.add("Conv", parts, f"{name}_sums", **job.attributes)


def _weights(job: Job, weights: NDArray[np.int64], scale: Any, axis: int) -> str:
    """Weights as floats; in TensorRT's shape behind a pair of their own, where they have 8 bits or fewer."""
    maker, name = job.maker, job.region.name
    factors = np.broadcast_to(np.asarray(scale, np.float64), (weights.shape[axis],))
    shape = [-1 if a == axis else 1 for a in range(weights.ndim)]
    values = maker.constant((weights * factors.reshape(shape)).astype(maker.style.real), f"{name}_weights")
    if not job.pairs or np.abs(weights).max() > 127:
        return values
    scales = maker.constant(factors.astype(np.float32), f"{name}_weight_scale")
    zeros = maker.constant(np.zeros(len(factors), np.int8), f"{name}_weight_zero")
    codes = maker.add("QuantizeLinear", [values, scales, zeros], f"{name}_weight_codes", axis=axis)
    return maker.add("DequantizeLinear", [codes, scales, zeros], f"{name}_weight_values", axis=axis)


def _accumulated(job: Job, held: Held, whole: Sums) -> Held:
    """The sums as they are, in a float that holds them."""
    maker, real = job.maker, job.maker.style.real
    if whole.largest <= LIMITS[real] and held.kind == real:
        return Held(_multiplied(job, held, whole.linear, 1.0, whole.linear.bias), real)
    kind = maker.real(job.region.name, whole.largest)
    return Held(_wide(job, held, whole, kind), kind)


def _wide(job: Job, held: Held, whole: Sums, kind: np.dtype[Any]) -> str:
    """Sums beyond float32: a matrix product in float64; a convolution as two, of the weights' high and low parts."""
    maker, linear, name = job.maker, whole.linear, job.region.name
    bias = linear.bias
    if job.dense:
        matrix = full_weights(linear, None if held.flat is None else held.order()).astype(kind)
        parts = [maker.cast(held.name, held.kind, kind), maker.constant(matrix, f"{name}_weights")]
        current = maker.add("MatMul", parts, f"{name}_sums")
    else:
        current = _two_parts(job, held, linear, kind)
        bias = bias.reshape(-1, *(1,) * len(job.view.kernel))
    return maker.add("Add", [current, maker.constant(bias.astype(kind), f"{name}_bias")], f"{name}_biased")


def _two_parts(job: Job, held: Held, linear: Linear, kind: np.dtype[Any]) -> str:
    maker, name, none = job.maker, job.region.name, np.zeros_like(linear.bias)
    reach = np.tile(held.largest(job.entering), linear.inputs // job.entering.channels)
    for bits in range(1, 24):
        high, low = np.divmod(linear.weights + (1 << (bits - 1)), 1 << bits)
        parts = [Linear(w, none, linear.groups, linear.taps) for w in (high, low - (1 << (bits - 1)))]
        if held.kind == maker.style.real and all(p.largest_sum(reach) <= LIMITS[maker.style.real] for p in parts):
            sums_ = [maker.cast(_multiplied(job, held, p, 1.0, none), maker.style.real, kind) for p in parts]
            raised = maker.add("Mul", [sums_[0], maker.number(1 << bits, kind)], f"{name}_raised")
            return maker.add("Add", [raised, sums_[1]], f"{name}_both")
    maker.real(name, 2**53 + 1)
    raise AssertionError(name)
