"""Brevitas quantisers with constant power-of-two scales, so that every value on the way is exact in float32."""

from __future__ import annotations

from typing import Any

import torch
from brevitas.inject.enum import ScalingImplType
from brevitas.quant.binary import SignedBinaryActPerTensorConst
from brevitas.quant.fixed_point import (
    Int8ActPerTensorFixedPoint,
    Int8WeightPerChannelFixedPoint,
    Int8WeightPerTensorFixedPoint,
    Uint8ActPerTensorFixedPoint,
)

from toolchain.training.inputs import INPUT_TYPES

# Steps between neighbouring levels. Normalised activations have unit variance, so 2 bits of 0.5 reach
# 1.5 deviations; weights start within +-1 step.
ACTIVATION_STEP = 0.5
WEIGHT_STEP = 0.125


def weight_quantiser(bits: int, step: float | torch.Tensor = WEIGHT_STEP) -> Any:
    """Signed, narrow-range weight quantiser (2 bits: -1, 0, 1).

    Args:
        bits: width, 2 to 8.
        step: value of one unit, a power of two; a tensor of shape (outputs, 1) gives each output its own.
    """
    base = Int8WeightPerTensorFixedPoint if isinstance(step, float) else Int8WeightPerChannelFixedPoint
    # Brevitas divides the range it is told by 2**(bits - 1) to get the scale.
    return base.let(
        bit_width=bits,
        narrow_range=True,
        scaling_impl_type=ScalingImplType.CONST,
        scaling_init=step * 2 ** (bits - 1),
    )


def activation_quantiser(bits: int, step: float = ACTIVATION_STEP) -> Any:
    """Unsigned activation quantiser with levels ``step * (0 .. 2**bits - 1)``."""
    return Uint8ActPerTensorFixedPoint.let(
        bit_width=bits,
        scaling_impl_type=ScalingImplType.CONST,
        scaling_init=step * 2**bits,
    )


def signed_quantiser(bits: int, step: float) -> Any:
    """Quantiser with levels ``step * (-2**(bits - 1) .. 2**(bits - 1) - 1)``."""
    return Int8ActPerTensorFixedPoint.let(
        bit_width=bits, scaling_impl_type=ScalingImplType.CONST, scaling_init=step * 2 ** (bits - 1)
    )


def sign_quantiser() -> Any:
    """Quantiser with the levels -1 and 1; zero is 1."""
    return SignedBinaryActPerTensorConst.let(scaling_init=1.0)


def input_quantiser(input_type: str) -> Any:
    """Quantiser that leaves integers of an input type as they are.

    Args:
        input_type: a name of `toolchain.training.inputs.INPUT_TYPES`.
    """
    kind = INPUT_TYPES[input_type]
    # Two bits at least: FINN takes no narrower input, and -1 and 1 need them.
    bits = max(2, kind.bits)
    if kind.low >= 0:
        return activation_quantiser(bits, 1.0)
    return signed_quantiser(bits, 1.0)
