"""Merging batch normalisation into the quantised layer before it, without touching an integer weight.

The factor of each channel is rounded to a power of two and goes into the channel's weight scale; the
shift becomes an integer bias on the accumulator's own grid. What is trained after that is exactly what
is exported.
"""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from brevitas import nn as qnn
from brevitas.quant import Int32Bias
from torch import nn

from toolchain.training.quantisers import WEIGHT_STEP, weight_quantiser

Layer = TypeVar("Layer", qnn.QuantLinear, qnn.QuantConv2d)


def merged_linear(inputs: int, outputs: int, weight_bits: int, power: torch.Tensor) -> qnn.QuantLinear:
    """A layer with an integer bias and per-channel weight scales.

    Args:
        power: power of two that multiplies each channel's `WEIGHT_STEP`, shape (outputs,).
    """
    return _powered(qnn.QuantLinear(inputs, outputs, **_merged_quantisers(weight_bits, power, (-1, 1))), power)


def merged_convolution(
    inputs: int, outputs: int, kernel: int | tuple[int, int], weight_bits: int, power: torch.Tensor, **geometry: Any
) -> qnn.QuantConv2d:
    """A two-dimensional convolution with an integer bias and per-channel weight scales.

    Args:
        power: as of `merged_linear`.
        geometry: stride, padding, groups, as those of `torch.nn.Conv2d`.
    """
    quantisers = _merged_quantisers(weight_bits, power, (-1, 1, 1, 1))
    return _powered(qnn.QuantConv2d(inputs, outputs, kernel, **geometry, **quantisers), power)


def _merged_quantisers(weight_bits: int, power: torch.Tensor, shape: tuple[int, ...]) -> dict[str, Any]:
    return {
        "bias": True,
        "weight_quant": weight_quantiser(weight_bits, (power * WEIGHT_STEP).reshape(shape)),
        "bias_quant": Int32Bias,
        "return_quant_tensor": True,
    }


def _powered(layer: Layer, power: torch.Tensor) -> Layer:
    layer.register_buffer("power", power)
    # Adam's steps have the size of its rate: scale it with the weights.
    layer.weight_rate = float(power.median())
    return layer


def merge_normalisation(layer: Layer, norm: nn.BatchNorm1d | nn.BatchNorm2d, weight_bits: int) -> Layer:
    """One layer that stands for both.

    Args:
        layer: without bias, weights quantised in steps of `WEIGHT_STEP`.
        norm: in its trained state; its running statistics are used.
        weight_bits: width of the weights.
    """
    assert norm.running_mean is not None and norm.running_var is not None
    factor = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
    # A factor of zero would leave a dead channel without a scale; any small one does.
    magnitude = factor.abs().clamp_min(2.0**-20)
    power = torch.exp2(torch.round(torch.log2(magnitude)))
    sign = torch.where(factor < 0, -1.0, 1.0)
    merged = merged_like(layer, weight_bits, power)
    with torch.no_grad():
        merged.weight.copy_(layer.weight * (sign * power).reshape(-1, *[1] * (layer.weight.ndim - 1)))
        # The zero of the normalised value stays at the same accumulator; only the slope is rounded.
        merged.bias.copy_(power * (norm.bias / magnitude - sign * norm.running_mean))
    return merged


def merged_like(layer: Layer, weight_bits: int, power: torch.Tensor) -> Layer:
    """A merged layer of the same kind and shape.

    Args:
        power: as of `merged_linear`.
    """
    if isinstance(layer, qnn.QuantLinear):
        return merged_linear(layer.in_features, layer.out_features, weight_bits, power)
    geometry = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups")}
    return merged_convolution(layer.in_channels, layer.out_channels, layer.kernel_size, weight_bits, power, **geometry)
