"""The network: depthwise convolutions. What is exported and its float reference follow from `build`."""

from itertools import pairwise

from torch import nn

from toolchain.training.blocks import convolution, entry, grid, halved, scores
from toolchain.training.inputs import Signature

from .settings import NetworkSettings


def build(settings: NetworkSettings, signature: Signature) -> nn.Module:
    """The network to train, for inputs (channels, height, width): a convolution, then pairs of one that looks around
    in each channel for itself, and one that mixes the channels; each halves height and width.
    """
    channels, height, width = grid(signature)
    bits, times = (settings.weight_bits, settings.activation_bits), len(settings.channels)
    layers = [convolution(channels, settings.channels[0], *bits, stride=2)]
    for inputs, outputs in pairwise(settings.channels):
        layers.append(convolution(inputs, inputs, *bits, stride=2, groups=inputs))
        layers.append(convolution(inputs, outputs, *bits, kernel=1))
    features = settings.channels[-1] * halved(height, times) * halved(width, times)
    end = scores(features, signature, settings.weight_bits)
    return nn.Sequential(entry(signature), *layers, nn.Flatten(), end)
