"""Images moved, stretched, turned and mirrored a little, for the stream that is to bear it."""

from __future__ import annotations

import torch
from torch import nn

from models.litecnn.settings import TrainingSettings
from toolchain.training.network import Batch


def altered(images: torch.Tensor, settings: TrainingSettings, draw: torch.Generator) -> torch.Tensor:
    """Each image altered in its own way; whole numbers stay whole, and within their range.

    Args:
        images: (rows, channels, height, width).
        draw: what decides.
    """
    grid = nn.functional.affine_grid(_maps(images, settings, draw), list(images.shape), align_corners=False)
    return nn.functional.grid_sample(images, grid, align_corners=False).round()


def half_altered(batch: Batch, settings: TrainingSettings) -> torch.Tensor:
    """The images of a batch, of which the second half is altered."""
    half = len(batch.x) // 2
    return torch.cat([batch.x[:half], altered(batch.x[half:], settings, batch.draw)])


def _maps(images: torch.Tensor, settings: TrainingSettings, draw: torch.Generator) -> torch.Tensor:
    """From a place in each result to the place in the image it is of, (rows, 2, 3), sides being -1 and 1."""
    rows, _, height, width = images.shape
    drawn = torch.rand(rows, 2, 3, generator=draw) * 2 - 1
    zoom, shear = settings.zoom, settings.shear
    most = torch.tensor([[zoom, shear, 2 * settings.shift / width], [shear, zoom, 2 * settings.shift / height]])
    maps = drawn * most
    maps[:, 0, 0] += 1
    maps[:, 1, 1] += 1
    if settings.flip:
        maps[:, 0] *= torch.where(torch.rand(rows, 1, generator=draw) < 0.5, -1.0, 1.0)
    return maps
