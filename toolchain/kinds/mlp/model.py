"""The network: dense layers. What is exported and its float reference follow from `build`."""

from itertools import pairwise

from torch import nn

from toolchain.training.blocks import dense, entry, scores
from toolchain.training.inputs import Signature

from .settings import NetworkSettings


def build(settings: NetworkSettings, signature: Signature) -> nn.Module:
    """The network to train, for inputs of any shape."""
    sizes = (signature.inputs, *settings.hidden)
    layers = [dense(*pair, settings.weight_bits, settings.activation_bits) for pair in pairwise(sizes)]
    return nn.Sequential(nn.Flatten(), entry(signature), *layers, scores(sizes[-1], signature, settings.weight_bits))
