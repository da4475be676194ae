"""MnistLUT: neurons that are look-up tables of six bits, and scores that count them, each for one class.

Tables, their learnt connections and groups that are counted after Bacellar et al., "Differentiable Weightless Neural
Networks", ICML 2024.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from brevitas import nn as qnn
from torch import nn

from models.litecnn.altered import half_altered
from models.mnistlut.neurons import Merged, Neurons
from models.mnistlut.settings import NetworkSettings, TrainingSettings
from toolchain.errors import ConfigError
from toolchain.training.inputs import Signature
from toolchain.training.network import Batch
from toolchain.training.quantisers import input_quantiser, weight_quantiser
from toolchain.training.state import State


def build(settings: NetworkSettings, signature: Signature) -> nn.Sequential:
    """The network to train.

    Raises:
        ConfigError: the last layer's neurons cannot be shared out among the classes.
    """
    if settings.neurons[-1] % signature.classes:
        raise ConfigError(
            f"network.neurons: {settings.neurons[-1]} in the last layer; should be a multiple of {signature.classes}, "
            "as many for each class"
        )
    sizes = (signature.inputs, *settings.neurons)
    layers = [
        Neurons(inputs, neurons, settings.fan_in, 0 if index else settings.choosing)
        for index, (inputs, neurons) in enumerate(pairwise(sizes))
    ]
    return nn.Sequential(nn.Flatten(), *layers, _scores(settings, signature.classes))


def merge(network: nn.Sequential, settings: NetworkSettings) -> nn.Sequential:
    """The network to export: connections stay, tables learn on."""
    layers = [Merged.of(layer) for layer in network if isinstance(layer, Neurons)]
    return _chain(layers, _scores(settings, network[-1].out_features))


def restore(settings: NetworkSettings, signature: Signature, state: State) -> nn.Sequential:
    """The merged network of a saved state."""
    sizes = pairwise((signature.inputs, *settings.neurons))
    layers = [Merged(inputs, neurons, settings.fan_in) for inputs, neurons in sizes]
    network = _chain(layers, _scores(settings, signature.classes))
    network.load_state_dict(dict(state))
    return network


def build_float(settings: NetworkSettings, signature: Signature) -> nn.Sequential:
    """The float32 reference: a hidden layer of as many neurons as the first one, which see all pixels."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(signature.inputs, settings.neurons[0], bias=False),
        nn.BatchNorm1d(settings.neurons[0]),
        nn.ReLU(),
        nn.Linear(settings.neurons[0], signature.classes, bias=False),
    )


def loss(network: nn.Module, batch: Batch, settings: TrainingSettings) -> torch.Tensor:
    """Cross-entropy on images of which every other one is altered: tables learn by heart what they see as it is."""
    return nn.functional.cross_entropy(network(half_altered(batch, settings)), batch.y)


def _chain(layers: list[Merged], scores: nn.Module) -> nn.Sequential:
    entry = qnn.QuantIdentity(act_quant=input_quantiser("BINARY"), return_quant_tensor=False)
    return nn.Sequential(entry, nn.Flatten(), *layers, scores)


def _scores(settings: NetworkSettings, classes: int) -> qnn.QuantLinear:
    """Counts the neurons of each class, which lie side by side; nothing here is trained."""
    size, each = 2.0**settings.score_power, settings.neurons[-1] // classes
    scores = qnn.QuantLinear(settings.neurons[-1], classes, bias=False, weight_quant=weight_quantiser(2, size))
    with torch.no_grad():
        scores.weight.copy_(torch.eye(classes).repeat_interleave(each, 1) * size)
    scores.weight.requires_grad_(False)
    return scores
