"""Brevitas quantisers whose scales have few significant bits, so that sums of scaled integers are exact in float32."""

from __future__ import annotations

from typing import Any

import torch
from brevitas.core.function_wrapper.misc import Abs, InplaceAbs
from brevitas.core.scaling.int_scaling import PowerOfTwoIntScaling
from brevitas.function.ops_ste import ceil_ste, round_ste
from brevitas.inject.enum import ScalingImplType
from brevitas.quant.scaled_int import (
    Int8ActPerTensorFloatMSE,
    Int8WeightPerChannelFloatMSE,
    Int8WeightPerTensorFloatMSE,
    Uint8ActPerTensorFloatMSE,
)
from torch import nn

# Weights of more bits lose more by a range cut to 3/4 of what they need than by steps twice as wide.
_NEAREST_BITS = 4


class ShortScale(nn.Module):
    """Rounds scales to so many significant bits; with one they are powers of two. Gradients pass.

    Its other methods are what Brevitas asks of every restriction of scales.
    """

    def __init__(self, significant_bits: int, round_up: bool = False) -> None:
        super().__init__()
        self.significant_bits = significant_bits
        self._round = ceil_ste if round_up else round_ste

    def restrict_init_float(self, x: float) -> float:
        """A scale that is given."""
        return abs(x)

    def restrict_init_tensor(self, x: torch.Tensor) -> torch.Tensor:
        """Scales that are given."""
        return torch.abs(x)

    def restrict_init_module(self) -> nn.Module:
        """What statistics go through before they are kept."""
        module: nn.Module = Abs()
        return module

    def restrict_init_inplace_module(self) -> nn.Module:
        """The same in place."""
        module: nn.Module = InplaceAbs()
        return module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The scale for x, which is not 0."""
        size = torch.abs(x)
        step = torch.exp2(torch.frexp(size.detach())[1] - float(self.significant_bits))
        rounded: torch.Tensor = self._round(size / step) * step
        return rounded


def weights(bits: int, significant_bits: int, *, per_channel: bool) -> Any:
    """Signed, narrow-range weights; scales begin where the squared error is least and may be trained."""
    base = Int8WeightPerChannelFloatMSE if per_channel else Int8WeightPerTensorFloatMSE
    return _short(base, bits, significant_bits).let(round_up=bits > _NEAREST_BITS)


def activations(bits: int, significant_bits: int, *, signed: bool) -> Any:
    """Activations with one scale a tensor, from calibration."""
    return _short(Int8ActPerTensorFloatMSE if signed else Uint8ActPerTensorFloatMSE, bits, significant_bits)


def _short(base: Any, bits: int, significant_bits: int) -> Any:
    return base.let(
        bit_width=bits,
        scaling_impl_type=ScalingImplType.PARAMETER_FROM_STATS,
        restrict_scaling_impl=ShortScale,
        significant_bits=significant_bits,
        int_scaling_impl=PowerOfTwoIntScaling,
    )
