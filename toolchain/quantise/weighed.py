"""The layers of a quantised network in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import torch
from brevitas.backport import fx
from brevitas.nn.quant_layer import QuantWeightBiasInputOutputLayer

from toolchain.quantise.parts import part_of
from toolchain.quantise.setting import Setting
from toolchain.results.checked import Reckoned
from toolchain.results.quantised import QuantisedLayer


def layers_of(network: fx.GraphModule, setting: Setting, shape: tuple[int, ...]) -> tuple[QuantisedLayer, ...]:
    """Its layers with weights, in the order in which they are computed.

    Args:
        shape: of one input, without the batch.
    """
    sizes = _sizes(network, shape)
    return tuple(_layer(name, layer, setting, sizes[name]) for name, layer in layers_in(network))


def weight_bits_of(network: fx.GraphModule) -> int:
    """Bits of all weights together."""
    return sum(layer.weight.numel() * _bits(layer) for _, layer in layers_in(network))


def layers_in(network: fx.GraphModule) -> Iterator[tuple[str, Any]]:
    """Quantised layers with weights, by name, in the order in which they are computed."""
    for node in network.graph.nodes:
        part = part_of(network, node)
        if isinstance(part, QuantWeightBiasInputOutputLayer):
            yield str(node.target), part


def with_estimates(layers: Sequence[QuantisedLayer], made: Reckoned | None) -> tuple[QuantisedLayer, ...]:
    """The layers with what each takes of a board, which the hardware has in the same order."""
    uses = made.layers if made and len(made.layers) == len(layers) else (None,) * len(layers)
    return tuple(layer.model_copy(update={"estimate": use}) for layer, use in zip(layers, uses, strict=True))


def _layer(name: str, layer: Any, setting: Setting, outputs: int) -> QuantisedLayer:
    return QuantisedLayer(
        name=name,
        weights=layer.weight.numel(),
        weight_bits=_bits(layer),
        activation_bits=setting.of(name).activations,
        operations=outputs * layer.weight[0].numel(),
    )


def _bits(layer: Any) -> int:
    return int(layer.quant_weight().bit_width)


def _sizes(network: fx.GraphModule, shape: tuple[int, ...]) -> dict[str, int]:
    """Elements of each layer's result for one input."""
    sizes: dict[str, int] = {}

    def keep(name: str) -> Any:
        return lambda layer, given, result: sizes.update({name: prod(result.shape)})

    handles = [layer.register_forward_hook(keep(name)) for name, layer in layers_in(network)]
    with torch.no_grad():
        network(torch.zeros(1, *shape))
    for handle in handles:
        handle.remove()
    return sizes
