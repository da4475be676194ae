"""The predicted interval against the handshakes of the whole pipeline, for foldings set by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hls.arithmetic import analyse
from hls.generate import generate_core
from hls.plan import LayerPlan, divisors, integer_ratio, interval, plan_layers
from tests.fast.hls.networks import Shape, folding, random_network
from tests.fast.hls.pipeline import class_cycles
from toolchain.errors import ModelError

NETWORK = random_network(Shape("BINARY", 6, (4, 9)), seed=1)
CHOSEN = [(4, 6), (9, 4)]
VECTORS = 12


def random_plans(rng: np.random.Generator) -> tuple[LayerPlan, ...]:
    """Plans of a random network folded at random."""
    sizes = [int(size) for size in rng.choice([1, 2, 3, 4, 6, 8, 12], int(rng.integers(2, 5)))]
    widths = (*sizes[1:], int(rng.integers(2, 13)))
    network = random_network(Shape("UINT2", sizes[0], widths, levels=int(rng.choice([0, 1, 3, 7]))), 0)
    chosen: list[tuple[int, int]] = []
    for layer in network.layers:
        simd = [d for d in divisors(layer.inputs) if not chosen or integer_ratio(chosen[-1][0], d)]
        chosen.append((int(rng.choice(divisors(layer.outputs))), int(rng.choice(simd))))
    return plan_layers(analyse(network), chosen)


@pytest.mark.parametrize("seed", range(4))
def test_every_folding_keeps_its_interval(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = set[bool]()
    for _ in range(25):
        plans = random_plans(rng)
        arrivals = class_cycles(plans, VECTORS)
        assert set(np.diff(arrivals[VECTORS // 2 :])) == {interval(plans)}, plans
        seen.add(interval(plans) == plans[-1].arithmetic.layer.outputs)
    assert seen == {True, False}


def test_the_argmax_may_be_the_slowest() -> None:
    assert folding(NETWORK, CHOSEN).initiation_interval == 9


def test_a_folding_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    right = folding(NETWORK, CHOSEN)
    layers = (replace(right.layers[0], cycles=7), right.layers[1])
    for wrong, what in (
        (replace(right, initiation_interval=1), "initiation_interval is 1, but these PE and SIMD give 9"),
        (replace(right, layers=layers), "cycles of fc0 is 7, but these PE and SIMD give 1"),
    ):
        with pytest.raises(ModelError, match=what):
            generate_core(NETWORK, wrong, tmp_path)
