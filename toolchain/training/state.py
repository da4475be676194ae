"""Saved weights: a network's state as plain arrays, with the same bytes for the same values."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from toolchain.files import write_atomic

State = Mapping[str, torch.Tensor]


def save_state(network: nn.Module, path: Path) -> None:
    """Write a module's parameters and buffers as an uncompressed npz."""
    stream = io.BytesIO()
    np.savez(stream, **{name: tensor.numpy() for name, tensor in network.state_dict().items()})
    write_atomic(path, stream.getvalue())


def load_state(path: Path) -> dict[str, torch.Tensor]:
    """Read what `save_state` wrote."""
    with np.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
