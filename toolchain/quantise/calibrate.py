"""Post-training quantisation by Brevitas: ranges of activations, rounding of weights by GPFQ, correction of biases."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from brevitas.backport import fx
from brevitas.graph.calibrate import bias_correction_mode, calibration_mode
from brevitas.graph.gpfq import gpfq_mode

_BATCH = 64


def calibrated(network: fx.GraphModule, x: torch.Tensor, *, gpfq: bool) -> fx.GraphModule:
    """Find every scale, maybe round weights by what they do to the data, and correct biases; in place.

    Args:
        x: inputs, (N, ...).
    """
    network.eval()
    with torch.no_grad():
        network(x[:_BATCH])
        with calibration_mode(network):
            for batch in batches(x):
                network(batch)
        if gpfq:
            _round_weights(network, x)
        with bias_correction_mode(network):
            for batch in batches(x):
                network(batch)
    return network.eval()


def _round_weights(network: fx.GraphModule, x: torch.Tensor) -> None:
    with gpfq_mode(network) as rounding:
        for _ in range(rounding.num_layers):
            for batch in batches(x):
                rounding.model(batch)
            rounding.update()


def batches(x: torch.Tensor, size: int = _BATCH) -> Iterator[torch.Tensor]:
    """Parts of so many rows."""
    yield from torch.split(x, size)


def answers(network: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Scores, (N, classes), of inputs (N, ...)."""
    with torch.no_grad():
        return torch.cat([network(batch) for batch in batches(x, 256)])
