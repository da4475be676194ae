"""ExitCNN: convolutions, behind some of which the network may stop.

After Han et al., "Dynamic Perceiver for Efficient Visual Recognition", 2023: exits at several depths, trained together.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from models.exitcnn.settings import NetworkSettings, TrainingSettings
from models.litecnn.altered import half_altered
from toolchain.training.blocks import convolution, entry, grid, halved, scores
from toolchain.training.inputs import Signature
from toolchain.training.network import Batch


class Exits(nn.Module):
    """Blocks one behind the other, and a dense end behind some of them."""

    def __init__(self, first: nn.Module, blocks: list[nn.Module], ends: dict[int, nn.Module]) -> None:
        super().__init__()
        self.first, self.blocks = first, nn.ModuleList(blocks)
        self.ends = nn.ModuleDict({str(number): end for number, end in ends.items()})

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of every exit side by side, (rows, exits * classes), the end's last."""
        current, logits = self.first(images), []
        for number, block in enumerate(self.blocks, 1):
            current = block(current)
            if str(number) in self.ends:
                logits.append(self.ends[str(number)](current))
        return torch.cat(logits, 1)


def build(settings: NetworkSettings, signature: Signature) -> nn.Module:
    """The network to train, for inputs (channels, height, width)."""
    channels, height, width = grid(signature)
    bits = settings.weight_bits, settings.activation_bits
    blocks: list[nn.Module] = [
        convolution(inputs, outputs, *bits, stride=2) for inputs, outputs in pairwise((channels, *settings.channels))
    ]
    ends: dict[int, nn.Module] = {}
    for number in (*settings.exits, len(blocks)):
        features = settings.channels[number - 1] * halved(height, number) * halved(width, number)
        ends[number] = nn.Sequential(nn.Flatten(), scores(features, signature, settings.weight_bits, _STEP))
    return Exits(entry(signature), blocks, ends)


def loss(network: nn.Module, batch: Batch, settings: TrainingSettings) -> torch.Tensor:
    """Of the end, and of every exit by its weight."""
    stages = network(half_altered(batch, settings)).chunk(len(network.ends), 1)  # type: ignore[arg-type]
    losses = [nn.functional.cross_entropy(logits, batch.y) for logits in stages]
    return losses[-1] + settings.exit_weight * torch.stack(losses[:-1]).sum()


# All exits' logits lie side by side in one scale.
_STEP = 1 / 32
