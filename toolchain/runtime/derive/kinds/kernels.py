"""Matrix products and convolutions by ONNX Runtime's int8 kernels, where they are proved exact.

Activations are unsigned bytes. x86 without VNNI adds pairs of products of a byte and a signed weight in 16 bits, which
saturate: weights are int8 only where no pair can, and otherwise unsigned bytes around 128, whose products are added in
32 bits everywhere. Convolutions are QLinearConv, exact with all optimisations or none; dense layers are QDQ around
Gemm, which ONNX Runtime turns into its own operator with a bias.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolchain.runtime.derive.held import LIMITS, Held
from toolchain.runtime.derive.kinds import counts
from toolchain.runtime.derive.maker import BYTE, Choice, Maker
from toolchain.runtime.derive.sums import Sums, full_weights, kernel_weights

if TYPE_CHECKING:
    from toolchain.runtime.derive.kinds.products import Job

_PAIR, _MIDDLE, _INT32 = 2**15 - 1, 128, 2**31 - 1


def made(job: Job, held: Held) -> Held | None:
    """The region by an int8 kernel; None where it has no such form, or none that is proved."""
    zero = _zero(job, held)
    if not job.maker.style.codes or not held.codes or zero is None or not held.unit > 0:
        return None
    whole = job.sums(replace(held, least=held.least + held.unit * zero))
    if int(whole.linear.weights.min()) < -_MIDDLE or int(whole.linear.weights.max()) >= _MIDDLE:
        return None
    if job.region.head is None:
        return _sums_only(job, held, zero, whole)
    if job.region.head.levels > BYTE or not whole.steps.found.all() or not _within(whole):
        return None
    count = len(whole.steps.found)
    job.maker.choices.append(Choice(job.region.name, "kernel", (count, count)))
    return _dense(job, held, zero, whole) if job.dense else _convolution(job, held, zero, whole)


def _within(whole: Sums) -> bool:
    return whole.largest + int(np.abs(whole.steps.offset).max()) <= _INT32


def _zero(job: Job, held: Held) -> int | None:
    """The code that padding holds, 0 where there is none; None where no code stands for it."""
    if not job.view.padded:
        return 0
    code, rest = divmod(job.view.fill - held.least, held.unit)
    return code if not rest and 0 <= code <= BYTE else None


def _weights(job: Job, held: Held, weights: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weights and their zero points, one an output channel, in the narrowest type that is exact on every processor."""
    most = int(held.bounds(job.entering)[1].max())
    outputs = job.linear.outputs
    if 2 * most * int(np.abs(weights).max()) <= _PAIR:
        return weights.astype(np.int8), np.zeros(outputs, np.int8)
    return (weights + _MIDDLE).astype(np.uint8), np.full(outputs, _MIDDLE, np.uint8)


def _convolution(job: Job, held: Held, zero: int, whole: Sums) -> Held:
    maker, name, form, head = job.maker, job.region.name, whole.steps, job.region.head
    assert head is not None
    weights, zeros = _weights(job, held, kernel_weights(whole.linear, job.view.kernel))
    one = maker.number(1, np.dtype(np.float32))
    parts = [
        *(held.name, one, maker.constant(np.uint8(zero), "code_zero")),
        maker.constant(weights, f"{name}_weights"),
        maker.constant(form.scale, f"{name}_scale"),
        maker.constant(zeros, f"{name}_weight_zero"),
        *(one, maker.constant(np.uint8(form.zero), "code_zero")),
        maker.constant((whole.linear.bias + form.offset).astype(np.int32), f"{name}_bias"),
    ]
    codes = maker.add("QLinearConv", parts, f"{name}_codes", **job.attributes)
    return counts.capped(maker, job.region, codes, head)


def _dense(job: Job, held: Held, zero: int, whole: Sums) -> Held:
    head = job.region.head
    assert head is not None
    current = _gemm(job, held, zero, whole, whole.steps.scale, whole.linear.bias + whole.steps.offset)
    return counts.quantised(job.maker, job.region, current, whole.steps.zero, head)


def _sums_only(job: Job, held: Held, zero: int, whole: Sums) -> Held | None:
    """Sums that no thresholds follow, of dense layers: the kernel gives them in float32."""
    if not job.dense or whole.largest > LIMITS[np.dtype(np.float32)]:
        return None
    scale = job.maker.output_scale(job.region.name)
    scales = np.full(whole.linear.outputs, 1 if scale is None else scale, np.float32)
    current = _gemm(job, held, zero, whole, scales, whole.linear.bias)
    return Held(current, np.dtype(np.float32), scaled=scale is not None)


def _gemm(job: Job, held: Held, zero: int, whole: Sums, scale: NDArray[np.float32], bias: NDArray[np.int64]) -> str:
    maker, name = job.maker, job.region.name
    order = None if held.flat is None else held.order()
    weights, zeros = _weights(job, held, full_weights(whole.linear, order))
    point = maker.constant(np.uint8(zero), "code_zero")
    values = maker.add("DequantizeLinear", [held.name, maker.number(1, scale.dtype), point], f"{name}_entering")
    factors = maker.constant(scale, f"{name}_scale")
    both = [
        _dequantised(maker, weights, factors, zeros, f"{name}_weights", 1),
        _dequantised(maker, bias.astype(np.int32), factors, np.zeros(len(bias), np.int32), f"{name}_bias", 0),
    ]
    return maker.add("Gemm", [values, *both], f"{name}_sums")


def _dequantised(maker: Maker, values: NDArray[Any], scale: str, zeros: NDArray[Any], hint: str, axis: int) -> str:
    parts = [maker.constant(values, hint), scale, maker.constant(zeros, f"{hint}_zero")]
    return maker.add("DequantizeLinear", parts, f"{hint}_values", axis=axis)
