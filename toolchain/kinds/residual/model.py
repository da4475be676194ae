"""The network: residual blocks. What is exported and its float reference follow from `build`."""

from itertools import pairwise

from torch import nn

from toolchain.training.blocks import Residual, convolution, entry, grid, halved, scores
from toolchain.training.inputs import Signature

from .settings import NetworkSettings


def build(settings: NetworkSettings, signature: Signature) -> nn.Module:
    """The network to train, for inputs (channels, height, width)."""
    channels, height, width = grid(signature)
    bits, times = (settings.weight_bits, settings.activation_bits), len(settings.channels)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise((channels, *settings.channels)):
        layers += [convolution(inputs, outputs, *bits, stride=2), Residual(outputs, *bits)]
    features = settings.channels[-1] * halved(height, times) * halved(width, times)
    end = scores(features, signature, settings.weight_bits)
    return nn.Sequential(entry(signature), *layers, nn.Flatten(), end)
