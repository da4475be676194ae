"""Parts of quantised networks: each is exact in float32, and what `toolchain.training.derived` knows how to merge."""

from __future__ import annotations

from math import log2

import torch
from brevitas import nn as qnn
from torch import nn

from toolchain.errors import ModelError
from toolchain.training.inputs import Signature
from toolchain.training.quantisers import (
    ACTIVATION_STEP,
    WEIGHT_STEP,
    activation_quantiser,
    input_quantiser,
    signed_quantiser,
    weight_quantiser,
)

# Weights begin within so many steps of zero.
_SPREAD = 4


def entry(signature: Signature) -> nn.Module:
    """What a network begins with: the integers as they come in."""
    first: nn.Module = qnn.QuantIdentity(act_quant=input_quantiser(signature.input_type), return_quant_tensor=True)
    return first


def dense(inputs: int, outputs: int, weight_bits: int, activation_bits: int) -> nn.Sequential:
    """A dense layer, batch normalisation and a quantised ReLU."""
    layer = qnn.QuantLinear(inputs, outputs, bias=False, weight_quant=weight_quantiser(weight_bits))
    return nn.Sequential(_begun(layer, weight_bits, WEIGHT_STEP), nn.BatchNorm1d(outputs), activation(activation_bits))


def convolution(
    inputs: int,
    outputs: int,
    weight_bits: int,
    activation_bits: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
) -> nn.Sequential:
    """A convolution that keeps the size but for its stride, batch normalisation and a quantised ReLU.

    Args:
        kernel: odd.
        groups: as many as `inputs` for a depthwise convolution.
    """
    layer = qnn.QuantConv2d(
        inputs,
        outputs,
        kernel,
        stride=stride,
        padding=kernel // 2,
        groups=groups,
        bias=False,
        weight_quant=weight_quantiser(weight_bits),
    )
    return nn.Sequential(_begun(layer, weight_bits, WEIGHT_STEP), nn.BatchNorm2d(outputs), activation(activation_bits))


def activation(bits: int) -> nn.Module:
    """A ReLU of so many bits, for values of unit variance."""
    relu: nn.Module = qnn.QuantReLU(act_quant=activation_quantiser(bits, _step(bits)), return_quant_tensor=True)
    return relu


class Residual(nn.Module):
    """Two convolutions whose result is added to what came in."""

    def __init__(self, channels: int, weight_bits: int, activation_bits: int) -> None:
        super().__init__()
        first, second = (convolution(channels, channels, weight_bits, activation_bits) for _ in range(2))
        # Both summands are in the steps of an activation, so that their sum is exact; this one has a sign.
        signed = signed_quantiser(min(8, activation_bits + 1), _step(activation_bits))
        summand = qnn.QuantIdentity(act_quant=signed, return_quant_tensor=True)
        self.inner = nn.Sequential(first, second[:-1], summand)
        self.end = activation(activation_bits)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sum, as an activation."""
        result: torch.Tensor = self.end(x + self.inner(x))
        return result


def scores(inputs: int, signature: Signature, weight_bits: int, step: float | None = None) -> nn.Module:
    """What a network ends in: a dense layer with a logit for each class, all in one scale.

    Args:
        step: of its weights, a power of two; where several such layers should have one scale.
    """
    # So many steps of unit variance add up to logits of a few units.
    step = step or 2.0 ** -round(log2(inputs) / 2 + 0.5)
    layer = qnn.QuantLinear(inputs, signature.classes, bias=False, weight_quant=weight_quantiser(weight_bits, step))
    return _begun(layer, weight_bits, step)


def grid(signature: Signature) -> tuple[int, int, int]:
    """Channels, height and width of the inputs.

    Raises:
        ModelError: they are no grid.
    """
    if len(signature.shape) != 3:
        shape = " x ".join(map(str, signature.shape))
        raise ModelError(
            f"rows of {shape} are no (channels, height, width), which convolutions need; take dense layers"
        )
    channels, height, width = signature.shape
    return channels, height, width


def halved(size: int, times: int) -> int:
    """A height or width after so many convolutions of stride 2."""
    return -(-size // (1 << times))


def _step(bits: int) -> float:
    return min(ACTIVATION_STEP, 2.0 ** (2 - bits))


def _begun(layer: nn.Module, weight_bits: int, step: float) -> nn.Module:
    reach = min(_SPREAD, 2 ** (weight_bits - 1) - 1) * step
    nn.init.uniform_(layer.weight, -reach, reach)  # type: ignore[arg-type]
    return layer
