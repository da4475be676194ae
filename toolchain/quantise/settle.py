"""Biases between two sums of integers, so that no sum lies halfway between two codes.

Quantisers round halves to even: every other threshold would then be met by its own sum, and no one multiplication could
stand for all of a channel. Where no sum lies on a half, one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from brevitas.backport import fx

from toolchain.quantise.weighed import layers_in


def settled(network: fx.GraphModule, x: torch.Tensor) -> fx.GraphModule:
    """Move each bias, but those of the scores, to the nearest odd half of its sums' unit; in place.

    Args:
        x: any input, (1, ...); scales are seen on its way.
    """
    layers = list(layers_in(network))[:-1]
    inputs = inputs_of(network, layers, x)
    with torch.no_grad():
        for name, layer in layers:
            if name in inputs and layer.bias is not None:
                unit = (inputs[name].scale * layer.quant_weight().scale).reshape(-1)
                layer.bias.copy_((torch.floor(layer.bias / unit) + 0.5) * unit)
                layer.bias_quant.disable_quant = True
    return network


def inputs_of(network: fx.GraphModule, layers: Sequence[tuple[str, Any]], x: torch.Tensor) -> dict[str, Any]:
    """What each layer takes of inputs (N, ...), by its name; nothing of one that takes floats."""
    found: dict[str, Any] = {}

    def keep(name: str) -> Any:
        return lambda layer, given: found.update({name: given[0]} if hasattr(given[0], "scale") else {})

    handles = [layer.register_forward_pre_hook(keep(name)) for name, layer in layers]
    with torch.no_grad():
        network(x)
    for handle in handles:
        handle.remove()
    return found
