"""A float network with quantisers in it: Brevitas' own passes, with the layers' bits and scales chosen here."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from brevitas import config
from brevitas import nn as qnn
from brevitas.backport import fx
from brevitas.graph.base import ModuleInstanceToModuleInstance
from brevitas.graph.quantize import align_input_quant, preprocess_for_quantize
from brevitas.graph.quantize_impl import add_output_quant_handler, layer_handler, residual_handler
from brevitas.quant import Int32Bias
from torch import nn

from toolchain.errors import ModelError
from toolchain.quantise import quantisers
from toolchain.quantise.operators import Affine
from toolchain.quantise.parts import part_of, put_behind, source_of
from toolchain.quantise.setting import POWER_OF_TWO, Setting
from toolchain.training.quantisers import input_quantiser

LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear)
"""What has weights, quantised or not."""

QUANTISED_LAYERS = {nn.Conv1d: qnn.QuantConv1d, nn.Conv2d: qnn.QuantConv2d, nn.Linear: qnn.QuantLinear}

_INPUT_BITS = 8
_EQUALISE = 20
_ACTS = (nn.ReLU, nn.ReLU6, nn.Hardtanh)
_POOLS = (nn.MaxPool1d, nn.MaxPool2d)
_ENTRY = "entry"


@dataclass(frozen=True)
class Entry:
    """What a network's first quantiser takes.

    Attributes:
        input_type: of integers that stay as they are; None of floats, which get 8 bits.
        signed: whether floats may be below 0.
    """

    input_type: str | None = None
    signed: bool = True

    def quantiser(self) -> nn.Module:
        """It; what divides floats into steps is a power of two, which every program divides by alike."""
        if self.input_type is not None:
            kind = input_quantiser(self.input_type)
        else:
            kind = quantisers.activations(_INPUT_BITS, POWER_OF_TWO, signed=self.signed)
        made: nn.Module = qnn.QuantIdentity(act_quant=kind, return_quant_tensor=True)
        return made


def prepared(module: fx.GraphModule, *, equalise: bool = False) -> fx.GraphModule:
    """A copy with normalisation merged into the layers before it, and channels equalised if that is asked for.

    Raises:
        ModelError: a normalisation stands behind no layer.
    """
    copied = _activations_first(copy.deepcopy(module))
    made = preprocess_for_quantize(
        copied, trace_model=False, relu6_to_relu=False, equalize_iters=_EQUALISE if equalise else 0
    )
    for name, part in made.named_modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            raise ModelError(f"node {name}: a factor and a shift for each channel behind no layer that could take them")
    done: fx.GraphModule = made.eval()
    return done


def layer_names(module: fx.GraphModule) -> list[str]:
    """Layers with weights, in the order in which they are computed."""
    return [str(node.target) for node in module.graph.nodes if isinstance(part_of(module, node), LAYERS)]


def quantised(module: fx.GraphModule, setting: Setting, entry: Entry) -> fx.GraphModule:
    """A copy of a prepared network with quantisers, not calibrated yet."""
    made = copy.deepcopy(module)
    identities = {
        word: (
            qnn.QuantIdentity,
            {
                "act_quant": _act(setting, setting.bits.activations, signed=word == "signed"),
                "return_quant_tensor": True,
            },
        )
        for word in ("signed", "unsigned")
    }
    acts: dict[type[nn.Module], Any] = dict.fromkeys(_ACTS)
    last = layer_names(made)[-1]
    _enter(made, entry.quantiser())
    made = _quantise_activations(made, setting)
    made = add_output_quant_handler(made, identities, acts, _ACTS)
    made = residual_handler(made, identities, acts, _ACTS, align_input_quant)
    with _new_parameters():
        made = layer_handler(made, _layer_map(setting, last), True, identities, acts, _ACTS)
    result: fx.GraphModule = _plain_end(made).eval()
    return result


@contextmanager
def _new_parameters() -> Iterator[None]:
    """Layers take over the weights of those before them, which have no scales."""
    before, config.IGNORE_MISSING_KEYS = config.IGNORE_MISSING_KEYS, True
    try:
        yield
    finally:
        config.IGNORE_MISSING_KEYS = before


def _act(setting: Setting, bits: int, *, signed: bool) -> Any:
    return quantisers.activations(bits, setting.scale_bits, signed=signed)


def _layer_map(setting: Setting, last: str) -> Mapping[type[nn.Module], Any]:
    """For each kind of layer the quantised one; the scores share one scale, so that their order is that of integers."""

    def weights(name: str) -> Any:
        return quantisers.weights(setting.of(name).weights, setting.scale_bits, per_channel=name != last)

    # Brevitas calls what is a lambda, and nothing else, with the layer and its name.
    own = {"weight_quant": lambda layer, name: weights(name), "bias_quant": Int32Bias, "return_quant_tensor": True}
    return {**{plain: (kind, own) for plain, kind in QUANTISED_LAYERS.items()}, nn.AvgPool2d: None}


def _enter(module: fx.GraphModule, quantiser: nn.Module) -> None:
    """Put the first quantiser behind what stands before the first layer."""
    node = source_of(module)
    while len(node.users) == 1 and isinstance(part_of(module, user := next(iter(node.users))), Affine | nn.Identity):
        node = user
    put_behind(module, node, _ENTRY, quantiser)


def _quantise_activations(module: fx.GraphModule, setting: Setting) -> fx.GraphModule:
    for node in module.graph.nodes:
        part = part_of(module, node)
        if isinstance(part, _ACTS):
            layer = _layer_before(module, node)
            bits = (setting.bits if layer is None else setting.of(layer)).activations
            quant = qnn.QuantReLU(act_quant=_act(setting, bits, signed=False), return_quant_tensor=True)
            if not isinstance(part, nn.ReLU):
                quant.act_quant.fused_activation_quant_proxy.activation_impl = part
            module = ModuleInstanceToModuleInstance(part, quant).apply(module)
    return module


def _layer_before(module: fx.GraphModule, node: fx.Node) -> str | None:
    """The layer whose result an activation takes; None where several are added before it."""
    while len(node.all_input_nodes) == 1:
        node = node.all_input_nodes[0]
        if isinstance(part_of(module, node), LAYERS):
            return str(node.target)
    return None


def _plain_end(module: fx.GraphModule) -> fx.GraphModule:
    """Scores are the sums themselves: no quantiser behind the last layer, and a plain tensor."""
    end = next(node for node in module.graph.nodes if node.op == "output")
    last = end.all_input_nodes[0]
    if isinstance(part_of(module, last), qnn.QuantIdentity):
        last.replace_all_uses_with(last.all_input_nodes[0])
        module.graph.erase_node(last)
        last = end.all_input_nodes[0]
    part = part_of(module, last)
    if not isinstance(part, tuple(QUANTISED_LAYERS.values())):
        raise ModelError(f"node {last.name}: ends the network; a layer with weights is taken there")
    setattr(part, "return_quant_tensor", False)  # noqa: B010 - the setter of a library without types
    module.recompile()
    return module


def _activations_first(module: fx.GraphModule) -> fx.GraphModule:
    """A ReLU behind a maximum goes before it, which is the same, so that both stand behind the layer's quantiser."""
    for node in list(module.graph.nodes):
        before = node.all_input_nodes[0] if node.all_input_nodes else None
        if before is None or not isinstance(part_of(module, node), _ACTS) or len(before.users) != 1:
            continue
        if isinstance(part_of(module, before), _POOLS):
            _swap(before, node)
    module.graph.lint()
    module.recompile()
    return module


def _swap(first: fx.Node, second: fx.Node) -> None:
    """Two nodes of one input each, in the other order."""
    targets = first.target, second.target
    second.target, first.target = targets
