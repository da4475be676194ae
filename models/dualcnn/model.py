"""DualCNN: two small networks, of which the second covers what the first doubts.

After Kinnas et al., "Reducing Inference Energy Consumption Using Dual Complementary CNNs", 2024.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from models.dualcnn.settings import NetworkSettings, TrainingSettings
from models.litecnn.altered import half_altered
from toolchain.training.blocks import convolution, entry, grid, halved, scores
from toolchain.training.inputs import Signature
from toolchain.training.network import Batch


class Dual(nn.Module):
    """Two networks that see the same input."""

    def __init__(self, entry: nn.Module, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.entry, self.first, self.second = entry, first, second

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, (rows, 2 * classes): of the first network, and behind them the sums of both."""
        inputs = self.entry(images)
        first = self.first(inputs)
        return torch.cat([first, first + self.second(inputs)], 1)


def build(settings: NetworkSettings, signature: Signature) -> nn.Module:
    """The network to train, for inputs (channels, height, width)."""
    return Dual(entry(signature), *(_chain(c, settings, signature) for c in (settings.first, settings.second)))


def loss(network: nn.Module, batch: Batch, settings: TrainingSettings) -> torch.Tensor:
    """Of the first network, and of both together: there what the first is unsure of counts more."""
    first, both = network(half_altered(batch, settings)).chunk(2, 1)
    sure = nn.functional.softmax(first.detach(), 1).gather(1, batch.y[:, None])[:, 0]
    weights = 1 + settings.doubt * (1 - sure)
    missed = nn.functional.cross_entropy(both, batch.y, reduction="none")
    return nn.functional.cross_entropy(first, batch.y) + (weights * missed).sum() / weights.sum()


def _chain(channels: tuple[int, ...], settings: NetworkSettings, signature: Signature) -> nn.Sequential:
    depth, height, width = grid(signature)
    bits, times = (settings.weight_bits, settings.activation_bits), len(channels)
    layers = [convolution(inputs, outputs, *bits, stride=2) for inputs, outputs in pairwise((depth, *channels))]
    features = channels[-1] * halved(height, times) * halved(width, times)
    return nn.Sequential(*layers, nn.Flatten(), scores(features, signature, settings.weight_bits, _STEP))


# The logits of both are added and stand side by side, in one scale.
_STEP = 1 / 32
