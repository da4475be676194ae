"""What a network of dense layers would cost as an unrolled core, in LUT positions, such that training can lower it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import torch
from brevitas import nn as qnn
from torch import nn

from toolchain.training.inputs import INPUT_TYPES, Signature
from toolchain.training.loop import Loss
from toolchain.training.recipe import LutCostSettings

# A weight counts from half a step up, where it is rounded to one; a slope of so many makes that step one to learn by.
_HALF, _SLOPE = 0.5, 8.0


@dataclass(frozen=True)
class Costed:
    """A dense layer, and what each of its weights that is not zero costs.

    Attributes:
        layer: a Brevitas QuantLinear.
        weight_cost: LUT positions of a weight: an adder as wide as the value that comes in, and a carry.
    """

    layer: Any
    weight_cost: float

    @property
    def units(self) -> torch.Tensor:
        """Weights in steps of their quantiser, (outputs, inputs), not rounded; in the graph of gradients."""
        step = self.layer.quant_weight().scale.detach()
        units: torch.Tensor = self.layer.weight / step
        return units

    @property
    def whole(self) -> torch.Tensor:
        """Weights as the integers that are exported, (outputs, inputs)."""
        quantised = self.layer.quant_weight()
        whole: torch.Tensor = torch.round(quantised.value / quantised.scale).detach()
        return whole


def costed_layers(network: nn.Module, signature: Signature) -> list[Costed]:
    """The dense layers of a network in order; the inputs of each have the bits of the quantiser before it."""
    return list(_costed(network, INPUT_TYPES[signature.input_type].bits))


def _costed(network: nn.Module, bits: int) -> Iterator[Costed]:
    for module in network.modules():
        if isinstance(module, qnn.QuantLinear):
            yield Costed(module, bits + 1.0)
        elif isinstance(module, qnn.QuantReLU):
            bits = int(module.act_quant.bit_width())


def soft_cost(layers: list[Costed]) -> torch.Tensor:
    """LUT positions with a gradient: a weight near the half step counts in part."""
    soft = [each.weight_cost * torch.sigmoid((each.units.abs() - _HALF) * _SLOPE).sum() for each in layers]
    return torch.stack(soft).sum()


def with_lut_cost(loss: Loss, signature: Signature, weights: Iterator[float]) -> Loss:
    """A loss with what the network costs as one of its terms.

    Args:
        weights: of a LUT position, one a batch.
    """

    def costly(network: nn.Module, x: torch.Tensor, y: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
        return loss(network, x, y, draw) + next(weights) * soft_cost(costed_layers(network, signature))

    return costly


def rising(settings: LutCostSettings, steps: int) -> Iterator[float]:
    """The weight of a LUT position in each batch of the first phase, and behind it: up to its full one, linearly."""
    begin = int(settings.starts * steps)
    yield from (settings.weight * max(0, done - begin) / (steps - begin) for done in range(1, steps + 1))
    yield from repeat(settings.weight)
