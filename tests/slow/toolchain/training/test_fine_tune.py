"""Fine-tuning that withers a network is undone and repeated without weight decay; any other stands."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from toolchain.training.network import WITHERED, _fine_tune


@pytest.mark.parametrize(
    ("after", "decays", "weight"), [(0.9, [0.4], 1.0), (0.9 - 2 * WITHERED, [0.4, 0.0], 1.0)], ids=["sound", "withered"]
)
def test_decay_is_dropped_only_where_it_harms(after: float, decays: list[float], weight: float) -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    seen: list[float] = []

    def tune(weight_decay: float) -> None:
        seen.append(weight_decay)
        with torch.no_grad():
            network.weight += 1

    quality = iter([0.9, after])
    _fine_tune(network, tune, 0.4, lambda: next(quality))
    assert seen == decays
    assert network.weight.item() == weight
