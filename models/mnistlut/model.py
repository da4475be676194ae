"""MnistLUT: bits of pixels, neurons that see few of them, and scores that count neurons.

Learnt connections of few inputs after Bacellar et al., "Differentiable Weightless Neural Networks", ICML 2024; here a
neuron is a sum with a threshold, as in all our networks, and no table of its own.
"""

from __future__ import annotations

import copy
from typing import cast

import torch
from brevitas import nn as qnn
from torch import nn

from models.mnistlut.layers import Chosen, Thermometer
from models.mnistlut.settings import NetworkSettings
from toolchain.training.inputs import Signature
from toolchain.training.merge import merged_linear
from toolchain.training.quantisers import WEIGHT_STEP, input_quantiser, sign_quantiser, weight_quantiser
from toolchain.training.state import State

# Bits of weights that are -2 to 2.
_WEIGHT_BITS = 3
# Of a latent weight of the scores, in their steps, beside the rate of all others.
_SCORE_RATE = 4.0


def build(settings: NetworkSettings, signature: Signature) -> nn.Sequential:
    """The network to train."""
    bits = signature.inputs * settings.levels
    batches = (settings.choosing, settings.pruning, settings.sharpening)
    return nn.Sequential(
        Thermometer(signature.inputs, settings.levels, signature.input_type),
        Chosen(bits, settings.neurons, settings.fan_in, batches),
        _scores(settings, signature),
    )


def merge(network: nn.Sequential, settings: NetworkSettings) -> nn.Sequential:
    """The network to export: thresholds and connections as whole numbers, which stay as they are."""
    thermometer, chosen, scores = cast("tuple[Thermometer, Chosen, nn.Module]", tuple(network))
    spread = torch.eye(len(thermometer.thresholds)).repeat_interleave(settings.levels, 0)
    weights, cuts = chosen.integers()
    # All sums are odd, so that none is zero. Bits are -1 and 1 here, which doubles what they were counted as.
    encoder = _with(_layer(*spread.T.shape), 2 * spread, 1 - 2 * thermometer.cuts)
    layers = [encoder, _with(_layer(*weights.T.shape), weights, 1 - 2 * cuts + weights.sum(1))]
    return _chain(layers, copy.deepcopy(scores), thermometer.input_type)


def restore(settings: NetworkSettings, signature: Signature, state: State) -> nn.Sequential:
    """The merged network of a saved state."""
    bits = signature.inputs * settings.levels
    layers = [_layer(signature.inputs, bits), _layer(bits, settings.neurons)]
    network = _chain(layers, _scores(settings, signature), signature.input_type)
    network.load_state_dict(dict(state))
    return network


def build_float(settings: NetworkSettings, signature: Signature) -> nn.Sequential:
    """The float32 reference: a hidden layer of as many neurons that see all pixels."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(signature.inputs, settings.neurons, bias=False),
        nn.BatchNorm1d(settings.neurons),
        nn.ReLU(),
        nn.Linear(settings.neurons, signature.classes, bias=False),
    )


def _chain(layers: list[qnn.QuantLinear], scores: nn.Module, input_type: str) -> nn.Sequential:
    first = qnn.QuantIdentity(act_quant=input_quantiser(input_type), return_quant_tensor=True)
    behind = [module for layer in layers for module in (layer, _sign())]
    return nn.Sequential(first, nn.Flatten(), *behind, scores)


def _sign() -> nn.Module:
    sign: nn.Module = qnn.QuantIdentity(act_quant=sign_quantiser(), return_quant_tensor=True)
    return sign


def _layer(inputs: int, outputs: int) -> qnn.QuantLinear:
    """Whole weights, which are not trained."""
    layer = merged_linear(inputs, outputs, _WEIGHT_BITS, torch.full((outputs,), 1 / WEIGHT_STEP))
    for parameter in layer.parameters():
        parameter.requires_grad_(False)
    return layer


def _with(layer: qnn.QuantLinear, weights: torch.Tensor, bias: torch.Tensor) -> qnn.QuantLinear:
    with torch.no_grad():
        layer.weight.copy_(weights)
        layer.bias.copy_(bias)
    return layer


def _scores(settings: NetworkSettings, signature: Signature) -> qnn.QuantLinear:
    size = 2.0**settings.score_power
    scores = qnn.QuantLinear(settings.neurons, signature.classes, bias=False, weight_quant=weight_quantiser(2, size))
    nn.init.uniform_(scores.weight, -size, size)
    scores.weight_rate = _SCORE_RATE * size
    return scores
