"""SlimCNN: one set of weights that runs at several widths.

After Yu et al., "Slimmable Neural Networks", 2019, with the nested channels of Vu et al., "Any-Width Networks", 2020: a
block of channels sees its own block and those of narrower widths, so that a narrower network is a part of a wider one.
"""

from __future__ import annotations

from itertools import accumulate, pairwise

import torch
from torch import nn

from models.litecnn.altered import half_altered
from models.slimcnn.settings import NetworkSettings, TrainingSettings
from toolchain.training.blocks import convolution, entry, grid, halved, scores
from toolchain.training.inputs import Signature
from toolchain.training.network import Batch


class Nested(nn.Module):
    """Layers of blocks, narrowest first; `layers[l][w]` makes what width w adds in layer l."""

    def __init__(self, first: nn.Module, layers: list[list[nn.Module]], ends: list[nn.Module]) -> None:
        super().__init__()
        self.first = first
        self.layers = nn.ModuleList([nn.ModuleList(blocks) for blocks in layers])
        self.ends = nn.ModuleList(ends)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of every width side by side, (rows, widths * classes), the full one's last."""
        inputs = self.first(images)
        made: list[torch.Tensor] = []
        for number, blocks in enumerate(self.layers):  # type: ignore[arg-type]
            seen = [inputs] * len(blocks) if number == 0 else [_beside(made[: w + 1]) for w in range(len(blocks))]
            made = [block(x) for block, x in zip(blocks, seen, strict=True)]
        own = [end(x) for end, x in zip(self.ends, made, strict=True)]
        return torch.cat(list(accumulate(own)), 1)


def build(settings: NetworkSettings, signature: Signature) -> nn.Module:
    """The network to train, for inputs (channels, height, width)."""
    depth, height, width = grid(signature)
    bits, times = (settings.weight_bits, settings.activation_bits), len(settings.channels)
    plans = [settings.channels_at(share) for share in settings.widths]
    added = [[wide - slim for slim, wide in pairwise((0, *column))] for column in zip(*plans, strict=True)]
    layers: list[list[nn.Module]] = [
        [
            convolution(depth if number == 0 else plan[number - 1], blocks[share], *bits, stride=2)
            for share, plan in enumerate(plans)
        ]
        for number, blocks in enumerate(added)
    ]
    places = halved(height, times) * halved(width, times)
    ends = [
        nn.Sequential(nn.Flatten(), scores(places * channels, signature, settings.weight_bits, _STEP))
        for channels in added[-1]
    ]
    return Nested(entry(signature), layers, ends)


def loss(network: nn.Module, batch: Batch, settings: TrainingSettings) -> torch.Tensor:
    """Of the full width, and of each narrower one by the classes and by what the full one says."""
    *narrower, full = network(half_altered(batch, settings)).chunk(len(network.ends), 1)  # type: ignore[arg-type]
    answers = nn.functional.softmax(full.detach(), 1)
    total = nn.functional.cross_entropy(full, batch.y)
    for logits in narrower:
        by_class = nn.functional.cross_entropy(logits, batch.y)
        total = total + by_class.lerp(nn.functional.cross_entropy(logits, answers), settings.taught)
    return total


def _beside(blocks: list[torch.Tensor]) -> torch.Tensor:
    return blocks[0] if len(blocks) == 1 else torch.cat(blocks, 1)


# The logits of all widths are added and stand side by side, in one scale.
_STEP = 1 / 32
