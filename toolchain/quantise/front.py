"""What stands before the first layer: factors and shifts of the inputs, and what its quantiser takes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from brevitas.backport import fx
from torch import nn

from toolchain.errors import ConfigError
from toolchain.quantise.float_file import FloatNetwork
from toolchain.quantise.network import LAYERS, Entry
from toolchain.quantise.operators import Affine
from toolchain.quantise.parts import part_of, put_behind, source_of
from toolchain.quantise.vectors import Data

_FRONT = "scaled_input"


@dataclass(frozen=True)
class Scaling:
    """What a training program does to inputs before the network: ``(x / divide - mean) / std``, channel by channel."""

    divide: float = 1.0
    mean: Sequence[float] = (0.0,)
    std: Sequence[float] = (1.0,)

    @property
    def is_any(self) -> bool:
        """Whether it changes anything."""
        return self != Scaling()


def with_scaling(network: FloatNetwork, scaling: Scaling) -> FloatNetwork:
    """The network behind a scaling of its inputs, so that it takes what the data holds.

    Raises:
        ConfigError: as many numbers as the inputs have no channels, or a factor of 0.
    """
    if not scaling.is_any:
        return network
    channels = network.shape[0]
    for option, values in (("--mean", scaling.mean), ("--std", scaling.std)):
        if len(values) not in {1, channels}:
            raise ConfigError(f"{option}: {len(values)} numbers; one, or one for each of {channels} channels")
    if scaling.divide == 0 or 0 in scaling.std:
        raise ConfigError(f"{'--std' if scaling.divide else '--divide'}: 0: nothing can be divided by it")
    std = np.broadcast_to(np.array(scaling.std, float), (channels,))
    module = copy.deepcopy(network.module)
    scaled = Affine(1 / (scaling.divide * std), np.broadcast_to(-np.array(scaling.mean, float) / std, (channels,)))
    put_behind(module, source_of(module), _FRONT, scaled)
    return replace(network, module=module.eval())


def entered(network: FloatNetwork, given: Sequence[Data]) -> tuple[FloatNetwork, Entry]:
    """What the first quantiser takes; factors of integers go into the first layer, which then takes them unscaled."""
    fronts = [node for node in network.module.graph.nodes if isinstance(part_of(network.module, node), Affine)]
    kinds = {data.integers for data in given}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None or not all(_can_go(network.module, node) for node in fronts):
        return network, Entry(None, signed=any(_is_signed(network, fronts, data) for data in given))
    module = copy.deepcopy(network.module)
    for node in [node for node in module.graph.nodes if isinstance(part_of(module, node), Affine)]:
        _into_layers(module, node)
    module.recompile()
    return replace(network, module=module), Entry(kind)


def _is_signed(network: FloatNetwork, fronts: list[fx.Node], data: Data) -> bool:
    x = data.tensor
    with torch.no_grad():
        for node in fronts:
            x = network.module.get_submodule(str(node.target))(x)
    return bool(x.min() < 0)


def _can_go(module: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a front is factors alone, before layers that take each channel by itself."""
    front = part_of(module, node)
    assert isinstance(front, Affine)
    return not front.shift.any() and all(_takes_channels(part_of(module, user)) for user in node.users)


def _takes_channels(layer: nn.Module | None) -> bool:
    return isinstance(layer, LAYERS) and getattr(layer, "groups", 1) == 1


def _into_layers(module: fx.GraphModule, node: fx.Node) -> None:
    front = module.get_submodule(str(node.target))
    assert isinstance(front, Affine)
    for user in node.users:
        layer = module.get_submodule(str(user.target))
        assert isinstance(layer, LAYERS)
        with torch.no_grad():
            layer.weight.mul_(front.factor.reshape(1, -1, *[1] * (layer.weight.ndim - 2)))
    node.replace_all_uses_with(node.all_input_nodes[0])
    module.graph.erase_node(node)
