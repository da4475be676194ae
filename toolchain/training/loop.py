"""The training loop, the same for quantised networks and their float references; deterministic on one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from toolchain.training.inputs import Values
from toolchain.training.recipe import TrainingSettings

StepProgress = Callable[[int, int, float], None]
"""Called now and then with the number of batches done, the number in all, and the loss of late."""

Loss = Callable[[nn.Module, torch.Tensor, torch.Tensor, torch.Generator], torch.Tensor]
"""What is minimised: of a network, a batch's inputs as floats, its classes, and a generator to draw with."""

PREDICT_BATCH = 8192
REPORT_STEPS = 200


def set_up(seed: int) -> None:
    """Make what follows repeatable: one thread, deterministic kernels, seeded generators."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)


def parameter_groups(network: nn.Module, learning_rate: float, decay: float) -> list[dict[str, Any]]:
    """Parameters with their rates: a module's `weight_rate`, where it has one, scales its weights' rate.

    Only matrices decay: what a neuron does not need becomes zero, which generalises better and costs no logic.
    """
    scaled = [m for m in network.modules() if hasattr(m, "weight_rate")]
    factors = {id(m.weight): float(getattr(m, "weight_rate", 1.0)) for m in scaled}
    return [
        {"params": [p], "lr": learning_rate * factors.get(id(p), 1.0), "weight_decay": decay if p.ndim > 1 else 0.0}
        for p in network.parameters()
    ]


def cross_entropy(
    network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, draw: torch.Generator
) -> torch.Tensor:
    """Of the network's own answers; nothing is drawn."""
    return nn.functional.cross_entropy(network(inputs), targets)


def fit(
    network: nn.Module,
    x: Values,
    y: NDArray[np.uint8],
    settings: TrainingSettings,
    *,
    steps: int,
    learning_rate: float,
    weight_decay: float = 0.0,
    loss_of: Loss = cross_entropy,
    progress: StepProgress = lambda done, steps, loss: None,
    pause: Callable[[int], None] | None = None,
) -> None:
    """Train in place with AdamW, a one-cycle learning rate.

    Args:
        x: integer inputs, shape (N, ...).
        y: class indices, shape (N,).
        weight_decay: of matrices, decoupled.
        loss_of: what is minimised; its generator begins at the seed.
        pause: called after each batch with the number done; it may use the network in any mode.
        steps: number of batches, drawn without replacement until the data are used up, then anew.
    """
    groups = parameter_groups(network, learning_rate, weight_decay)
    optimiser = torch.optim.AdamW(groups)
    rates = [group["lr"] for group in groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, total_steps=steps)
    draw = torch.Generator().manual_seed(settings.seed)
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y.astype(np.int64))
    network.train()
    recent = 0.0
    for done, rows in enumerate(islice(_batches(len(x), settings), steps), start=1):
        loss = loss_of(network, inputs[rows].float(), targets[rows], draw)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        recent += (loss.item() - recent) / min(done, REPORT_STEPS)
        if done % REPORT_STEPS == 0 or done == steps:
            progress(done, steps, recent)
        if pause is not None:
            pause(done)
            network.train()


def _batches(rows: int, settings: TrainingSettings) -> Iterator[torch.Tensor]:
    """Row numbers of batch after batch, without end; the last, short batch of a round is left out."""
    generator = torch.Generator().manual_seed(settings.seed)
    size = min(settings.batch, rows)
    while True:
        order = torch.randperm(rows, generator=generator)
        yield from order[: rows - rows % size].reshape(-1, size)


def logits_of(network: nn.Module, x: Values) -> NDArray[np.float32]:
    """Logits of integer inputs of shape (N, ...), shape (N, classes)."""
    network.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(x), PREDICT_BATCH):
            values = network(torch.from_numpy(x[start : start + PREDICT_BATCH]).float())
            parts.append(np.asarray(getattr(values, "value", values)))
    return np.concatenate(parts)
