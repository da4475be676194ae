"""LiteCNN: two streams of small convolutions, one trained on plain and one on altered images, then joined.

After Isong, "Building Efficient Lightweight CNN Models", 2025.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from brevitas import nn as qnn
from torch import nn

from models.litecnn.altered import altered
from models.litecnn.settings import NetworkSettings, TrainingSettings
from toolchain.training.inputs import Signature
from toolchain.training.merge import merge_normalisation, merged_convolution
from toolchain.training.network import Batch
from toolchain.training.quantisers import WEIGHT_STEP, activation_quantiser, input_quantiser, weight_quantiser
from toolchain.training.state import State

STREAMS = 2
KERNEL = 3

# Stride of each convolution, and whether its result is halved by a maximum over 2 x 2.
_STRIDES, _POOLED = (2, 1, 1), (False, True, True)

# A normalised activation of 4 bits reaches 3.75 deviations.
_ACTIVATION_STEP = 0.25

# Hundreds of features are summed in the end: with finer weights their sum stays a sensible logit.
_END_STEP = 1 / 32

# At the start weights are spread over this many steps to either side.
_SPREAD = 4


class TwoStreams(nn.Module):
    """Streams side by side, and a dense end on the features of all."""

    def __init__(self, first: nn.Module, streams: Iterator[nn.Module], end: nn.Linear) -> None:
        super().__init__()
        self.first, self.streams, self.end = first, nn.ModuleList(streams), end

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, (rows, classes), of images, (rows, 1, height, width)."""
        inputs = self.first(images)
        logits: torch.Tensor = self.end(torch.cat([stream(inputs) for stream in self.streams], 1))
        return logits

    def alone(self, number: int, images: torch.Tensor) -> torch.Tensor:
        """Logits of one stream, by its own part of the end; those of all streams add up to those of the network."""
        features = _plain(self.streams[number](self.first(images)))
        weights = _plain(self.end.quant_weight()) if isinstance(self.end, qnn.QuantLinear) else self.end.weight
        return nn.functional.linear(features, weights.chunk(STREAMS, 1)[number])


def build(settings: NetworkSettings, signature: Signature) -> TwoStreams:
    """The network to train: quantised, with batch normalisation."""

    def convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        layer = qnn.QuantConv2d(
            inputs,
            outputs,
            KERNEL,
            stride=stride,
            padding=KERNEL // 2,
            bias=False,
            weight_quant=weight_quantiser(settings.weight_bits),
        )
        nn.init.uniform_(layer.weight, -_SPREAD * WEIGHT_STEP, _SPREAD * WEIGHT_STEP)
        return [layer, nn.BatchNorm2d(outputs), _activation(settings)]

    return _joined(settings, signature, [_stream(settings, convolution) for _ in range(STREAMS)])


def merge(network: TwoStreams, settings: NetworkSettings) -> TwoStreams:
    """The network to fine-tune and export: the same one with its normalisation merged into the convolutions."""
    streams = (nn.Sequential(*_merged(stream, settings)) for stream in network.streams)
    return TwoStreams(network.first, streams, network.end)


def restore(settings: NetworkSettings, signature: Signature, state: State) -> TwoStreams:
    """The merged network of a saved state."""
    network = _joined(settings, signature, [_restored(settings, state, number) for number in range(STREAMS)])
    network.load_state_dict(dict(state))
    return network


def _restored(settings: NetworkSettings, state: State, number: int) -> nn.Sequential:
    """A merged stream with the powers of a saved state."""
    begins = f"streams.{number}."
    powers = iter([state[name] for name in state if name.startswith(begins) and name.endswith(".power")])

    def convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        bits, power = settings.weight_bits, next(powers)
        layer = merged_convolution(inputs, outputs, KERNEL, bits, power, stride=stride, padding=KERNEL // 2)
        return [layer, _activation(settings)]

    return _stream(settings, convolution)


def build_float(settings: NetworkSettings, signature: Signature) -> TwoStreams:
    """The float32 reference: the same shape without any quantiser."""

    def convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        layer = nn.Conv2d(inputs, outputs, KERNEL, stride=stride, padding=KERNEL // 2, bias=False)
        return [layer, nn.BatchNorm2d(outputs), nn.ReLU()]

    streams = [_stream(settings, convolution) for _ in range(STREAMS)]
    end = nn.Linear(_features(settings, signature), signature.classes, bias=False)
    return TwoStreams(nn.Identity(), iter(streams), end)


def loss(network: TwoStreams, batch: Batch, settings: TrainingSettings) -> torch.Tensor:
    """First each stream for itself, on plain and on altered images; once merged, both together, on as many of each."""
    other = altered(batch.x, settings, batch.draw)
    if not batch.merged:
        alone = [network.alone(number, images) for number, images in enumerate((batch.x, other))]
        return torch.stack([nn.functional.cross_entropy(logits, batch.y) for logits in alone]).sum()
    half = len(batch.x) // 2
    return nn.functional.cross_entropy(network(torch.cat([batch.x[:half], other[half:]])), batch.y)


def _stream(settings: NetworkSettings, convolution: Callable[[int, int, int], list[nn.Module]]) -> nn.Sequential:
    blocks: list[nn.Module] = []
    for (inputs, outputs), stride, pooled in zip(pairwise((1, *settings.channels)), _STRIDES, _POOLED, strict=True):
        blocks += convolution(inputs, outputs, stride)
        if pooled:
            blocks.append(nn.MaxPool2d(2))
    return nn.Sequential(*blocks, nn.Flatten())


def _merged(stream: nn.Sequential, settings: NetworkSettings) -> Iterator[nn.Module]:
    for block, behind in pairwise([*stream, nn.Identity()]):
        if isinstance(behind, nn.BatchNorm2d):
            yield merge_normalisation(block, behind, settings.weight_bits)
        elif not isinstance(block, nn.BatchNorm2d):
            yield block


def _joined(settings: NetworkSettings, signature: Signature, streams: list[nn.Sequential]) -> TwoStreams:
    first = qnn.QuantIdentity(act_quant=input_quantiser(signature.input_type), return_quant_tensor=True)
    quantiser = weight_quantiser(settings.weight_bits, _END_STEP)
    end = qnn.QuantLinear(_features(settings, signature), signature.classes, bias=False, weight_quant=quantiser)
    nn.init.uniform_(end.weight, -_SPREAD * _END_STEP, _SPREAD * _END_STEP)
    return TwoStreams(first, iter(streams), end)


def _features(settings: NetworkSettings, signature: Signature) -> int:
    """Features of all streams together."""
    _, height, width = signature.shape
    for stride, pooled in zip(_STRIDES, _POOLED, strict=True):
        height, width = (-(-size // stride) // (2 if pooled else 1) for size in (height, width))
    return STREAMS * settings.channels[-1] * height * width


def _activation(settings: NetworkSettings) -> qnn.QuantReLU:
    quantiser = activation_quantiser(settings.activation_bits, _ACTIVATION_STEP * 2 ** (4 - settings.activation_bits))
    return qnn.QuantReLU(act_quant=quantiser, return_quant_tensor=True)


def _plain(values: object) -> torch.Tensor:
    """Values of a tensor or of a Brevitas QuantTensor."""
    plain: torch.Tensor = getattr(values, "value", values)
    return plain
