"""CQMLP: a multilayer perceptron with 2-bit weights and activations that tells attacks on a CAN bus apart.

After Khandelwal and Shreejith, "Quantised Neural Network Accelerators for Low-Power IDS in Automotive
Networks", DATE 2023.
"""

from __future__ import annotations

import numpy as np
from brevitas import nn as qnn
from numpy.typing import NDArray
from torch import nn

from models.cqmlp.settings import NetworkSettings, TrainingSettings
from toolchain.training.dataset import Dataset
from toolchain.training.inputs import Signature
from toolchain.training.merge import merge_normalisation, merged_linear
from toolchain.training.quantisers import WEIGHT_STEP, activation_quantiser, input_quantiser, weight_quantiser
from toolchain.training.state import State


def build(settings: NetworkSettings, signature: Signature) -> nn.Sequential:
    """The network to train: quantised, with batch normalisation."""
    blocks: list[nn.Module] = [_input_layer(signature)]
    for fan_in, width in _pairs(settings, signature):
        blocks += [_linear(fan_in, width, settings), nn.BatchNorm1d(width), _activation(settings)]
    blocks.append(_linear(settings.hidden[-1], signature.classes, settings, 2.0**settings.score_power))
    return nn.Sequential(*blocks)


def merge(network: nn.Sequential, settings: NetworkSettings) -> nn.Sequential:
    """The network to fine-tune and export: the same one with its normalisation merged into the layers."""
    blocks: list[nn.Module] = [network[0]]
    for index in range(1, len(network) - 1, 3):
        blocks += [merge_normalisation(network[index], network[index + 1], settings.weight_bits), network[index + 2]]
    blocks.append(network[-1])
    return nn.Sequential(*blocks)


def restore(settings: NetworkSettings, signature: Signature, state: State) -> nn.Sequential:
    """The merged network of a saved state."""
    blocks: list[nn.Module] = [_input_layer(signature)]
    for fan_in, width in _pairs(settings, signature):
        power = state[f"{len(blocks)}.power"]
        blocks += [merged_linear(fan_in, width, settings.weight_bits, power), _activation(settings)]
    blocks.append(_linear(settings.hidden[-1], signature.classes, settings, 2.0**settings.score_power))
    network = nn.Sequential(*blocks)
    network.load_state_dict(dict(state))
    return network


def build_float(settings: NetworkSettings, signature: Signature) -> nn.Sequential:
    """The float32 reference: the same shape without any quantiser."""
    blocks: list[nn.Module] = []
    for fan_in, width in _pairs(settings, signature):
        blocks += [nn.Linear(fan_in, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    blocks.append(nn.Linear(settings.hidden[-1], signature.classes, bias=False))
    return nn.Sequential(*blocks)


def training_rows(dataset: Dataset, split: str, settings: TrainingSettings) -> NDArray[np.int64]:
    """Rows to train on, with at most `normal_limit` normal windows, drawn by seed.

    Every attack window stays, so that rare attacks keep their weight and memory stays bounded.
    """
    rows = dataset.rows(split, "train")
    normal = rows[dataset.y[rows] == 0]
    if len(normal) <= settings.normal_limit:
        return rows
    drawn = np.random.default_rng(settings.seed).choice(normal, settings.normal_limit, replace=False)
    return np.sort(np.concatenate([drawn, rows[dataset.y[rows] != 0]]))


def _pairs(settings: NetworkSettings, signature: Signature) -> list[tuple[int, int]]:
    return list(zip((signature.inputs, *settings.hidden[:-1]), settings.hidden, strict=True))


def _input_layer(signature: Signature) -> qnn.QuantIdentity:
    return qnn.QuantIdentity(act_quant=input_quantiser(signature.input_type), return_quant_tensor=True)


def _linear(inputs: int, outputs: int, settings: NetworkSettings, step: float = WEIGHT_STEP) -> qnn.QuantLinear:
    layer = qnn.QuantLinear(inputs, outputs, bias=False, weight_quant=weight_quantiser(settings.weight_bits, step))
    nn.init.uniform_(layer.weight, -step, step)
    return layer


def _activation(settings: NetworkSettings) -> qnn.QuantReLU:
    return qnn.QuantReLU(act_quant=activation_quantiser(settings.activation_bits), return_quant_tensor=True)
