"""Fine-tuning of a quantised network: its weights learn to live with few bits; scales stay as they were calibrated."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from brevitas.backport import fx
from torch import nn

from toolchain.progress import Progress
from toolchain.quantise.calibrate import answers
from toolchain.quantise.vectors import Data

_BATCH = 128
# Steps of Adam, of the size of a parameter: weights of a layer that takes bytes are 255 times smaller than others.
_RATE = 3e-3
# Of the training vectors, those that tell which epoch is the best.
_KEPT_BACK, _MOST_KEPT_BACK = 0.05, 2000
_SCALES = "scaling_impl"


@dataclass(frozen=True)
class Lesson:
    """What a network is tuned on.

    Attributes:
        x: inputs, (N, ...); y: true classes, (N,).
        wanted: log-probabilities of the float network, (N, classes).
    """

    x: torch.Tensor
    y: torch.Tensor
    wanted: torch.Tensor

    def __len__(self) -> int:
        return len(self.x)

    def rows(self, rows: torch.Tensor) -> Lesson:
        """Some of it."""
        return Lesson(self.x[rows], self.y[rows], self.wanted[rows])


def lesson(data: Data, module: nn.Module) -> Lesson:
    """Labelled data, and what the float network says of them."""
    assert data.y is not None
    scores = answers(module, data.tensor)
    return Lesson(data.tensor, torch.from_numpy(np.asarray(data.y)), torch.log_softmax(scores, 1))


def tuned(network: fx.GraphModule, taught: Lesson, epochs: int, progress: Progress) -> fx.GraphModule:
    """A copy trained on the classes and on the float network's answers; that of the best epoch, or none, is kept."""
    network, order = copy.deepcopy(network), torch.Generator().manual_seed(1)
    shuffled = torch.randperm(len(taught), generator=order)
    held = max(1, min(_MOST_KEPT_BACK, int(len(taught) * _KEPT_BACK)))
    kept_back, rest = taught.rows(shuffled[:held]), taught.rows(shuffled[held:])
    best = _loss_now(network, kept_back), copy.deepcopy(network.state_dict())
    progress(f"a loss of {best[0]:.4f} on {held:,} vectors that are kept back")
    for epoch in _epochs(network, rest, epochs, order):
        loss = _loss_now(network, kept_back)
        progress(f"epoch {epoch} of {epochs}: {loss:.4f}")
        if loss < best[0]:
            best = loss, copy.deepcopy(network.state_dict())
    network.load_state_dict(best[1])
    return network


def _epochs(network: fx.GraphModule, taught: Lesson, epochs: int, order: torch.Generator) -> Iterator[int]:
    """Train; yields the number of each epoch when it is done."""
    learning = [value for name, value in network.named_parameters() if _SCALES not in name]
    optimiser = torch.optim.Adam([{"params": [value], "lr": _RATE * _size(value)} for value in learning])
    steps = epochs * -(-len(taught) // _BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for epoch in range(1, epochs + 1):
        for rows in torch.split(torch.randperm(len(taught), generator=order), _BATCH):
            optimiser.zero_grad()
            _loss(network, taught.rows(rows)).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        yield epoch


def _size(value: torch.Tensor) -> float:
    """The root of the mean square, and not 0."""
    return max(float(value.detach().square().mean().sqrt()), 1e-12)


def _loss(network: nn.Module, taught: Lesson) -> torch.Tensor:
    """Half of what the classes say, half of what the float network says."""
    scores = network(taught.x)
    said = torch.log_softmax(scores, 1)
    apart = (taught.wanted.exp() * (taught.wanted - said)).sum(1).mean()
    return (nn.functional.cross_entropy(scores, taught.y) + apart) / 2


def _loss_now(network: nn.Module, taught: Lesson) -> float:
    with torch.no_grad():
        return float(_loss(network, taught))
