"""What follows from a model's `build` alone: the merged network, the one of a saved state, and the float reference.

A model whose network is made of modules that hold layer and normalisation side by side in a `torch.nn.Sequential` need
not write these itself.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import torch
from brevitas import nn as qnn
from torch import nn

from toolchain.errors import ModelError
from toolchain.training.inputs import Signature
from toolchain.training.merge import merge_normalisation, merged_like
from toolchain.training.network import ModelCode
from toolchain.training.quantisers import WEIGHT_STEP
from toolchain.training.state import State

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_LAYERS = (qnn.QuantLinear, qnn.QuantConv2d)
_OPTIONAL = ("training_rows", "loss")


def completed(code: Any) -> ModelCode:
    """A model's code with all that it must offer: what it lacks besides `build` follows from that."""
    derived = {"merge": merge, "restore": _restore_by(code.build), "build_float": _float_by(code.build)}
    own = {name: getattr(code, name) for name in ("build", *derived, *_OPTIONAL) if hasattr(code, name)}
    return cast(ModelCode, SimpleNamespace(**{**derived, **own}))


def merge(network: nn.Module, settings: Any) -> nn.Module:
    """A copy of a trained network, each normalisation merged into the layer before it.

    Raises:
        ModelError: a normalisation stands behind something else.
    """
    merged = copy.deepcopy(network)
    for pair in _pairs(merged):
        pair.becomes(merge_normalisation(pair.layer, pair.norm, pair.bits))
    return merged


def _restore_by(build: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    def restore(settings: Any, signature: Signature, state: State) -> nn.Module:
        network = build(settings, signature)
        for pair in _pairs(network):
            pair.becomes(merged_like(pair.layer, pair.bits, state[f"{pair.name}.power"]))
        network.load_state_dict(dict(state))
        return network

    return restore


def _float_by(build: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    def build_float(settings: Any, signature: Signature) -> nn.Module:
        return _unquantised(build(settings, signature))

    return build_float


@dataclass(frozen=True)
class _Pair:
    """A layer and its normalisation, the `index`-th and the next of a container."""

    container: nn.Sequential
    index: int
    name: str

    @property
    def layer(self) -> Any:
        return self.container[self.index]

    @property
    def norm(self) -> Any:
        return self.container[self.index + 1]

    @property
    def bits(self) -> int:
        """Of the weights."""
        return int(self.layer.quant_weight().bit_width)

    def becomes(self, merged: nn.Module) -> None:
        """One layer stands for both; the places of those behind stay."""
        self.container[self.index], self.container[self.index + 1] = merged, nn.Identity()


def _pairs(network: nn.Module) -> list[_Pair]:
    pairs = list(_found(network))
    norms = {
        id(module): name
        for name, module in network.named_modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)
    }
    for pair in pairs:
        del norms[id(pair.norm)]
        _must_be_mergeable(pair)
    for name in norms.values():
        raise ModelError(
            f"{name}: a normalisation that follows no dense layer or two-dimensional convolution in a "
            "torch.nn.Sequential; put it behind one, or give merge(), restore() and build_float()"
        )
    return pairs


def _found(network: nn.Module) -> Iterator[_Pair]:
    for name, module in network.named_modules():
        if isinstance(module, nn.Sequential):
            for index in range(len(module) - 1):
                if isinstance(module[index], _LAYERS) and isinstance(module[index + 1], _NORMS):
                    yield _Pair(module, index, f"{name}.{index}" if name else str(index))


def _must_be_mergeable(pair: _Pair) -> None:
    scale = pair.layer.quant_weight().scale
    if pair.layer.bias is not None or not torch.all(scale == WEIGHT_STEP):
        raise ModelError(
            f"{pair.name}: a layer before a normalisation has no bias, and weights in steps of {WEIGHT_STEP}; use "
            "toolchain.training.blocks, or give merge(), restore() and build_float()"
        )


def _unquantised(module: nn.Module) -> nn.Module:
    """The same network without any quantiser."""
    plain = _plain(module)
    if plain is not None:
        return plain
    for name, child in module.named_children():
        setattr(module, name, _unquantised(child))
    return module


def _plain(module: Any) -> nn.Module | None:
    """What a quantised module is without its quantisers; None where it is none."""
    bias = getattr(module, "bias", None) is not None
    if isinstance(module, qnn.QuantLinear):
        return nn.Linear(module.in_features, module.out_features, bias=bias)
    if isinstance(module, qnn.QuantConv2d):
        names = ("kernel_size", "stride", "padding", "dilation", "groups")
        geometry = {name: getattr(module, name) for name in names}
        return nn.Conv2d(module.in_channels, module.out_channels, bias=bias, **geometry)
    if isinstance(module, qnn.QuantReLU):
        return nn.ReLU()
    return nn.Identity() if isinstance(module, qnn.QuantIdentity) else None
