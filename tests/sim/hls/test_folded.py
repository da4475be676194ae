"""Folded cores against the integer executor, for every kind of input, weight and activation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hls.arithmetic import analyse
from hls.generate import generate_core
from hls.plan import plan_layers
from hls.simulate import simulate_core
from hls.simulate_stream import CoreSimulation
from tests.fast.hls.networks import Shape, folding, random_inputs, random_network
from tests.fast.hls.pipeline import class_cycles
from toolchain.graph.dense import DenseNetwork, network_of

Parallelism = list[tuple[int, int]]

# Together: search and parallel thresholds, converters up, down and absent, one beat or one fold only, biases, an
# offset input, doubled logits.
CASES: list[tuple[Shape, Parallelism]] = [
    (Shape("BINARY", 12, (8, 6, 5)), [(4, 6), (2, 1), (1, 2)]),
    (Shape("BINARY", 12, (8, 6, 5)), [(8, 12), (6, 8), (5, 6)]),
    (Shape("UINT8", 6, (8, 4, 3)), [(1, 1), (2, 4), (3, 2)]),
    (Shape("INT4", 6, (6, 4, 2), "int4", 7), [(1, 1), (1, 6), (2, 2)]),
    (Shape("INT8", 4, (5, 3), "ternary", 5), [(5, 2), (1, 1)]),
    (Shape("BINARY", 10, (8, 4, 3), "bipolar", 0), [(2, 5), (4, 2), (3, 4)]),
    (Shape("BIPOLAR", 6, (4,), "ternary"), [(2, 3)]),
    (Shape("BINARY", 8, (6, 6, 6, 4), "int4", 15), [(6, 2), (3, 6), (2, 3), (4, 2)]),
]


def run(network: DenseNetwork, chosen: Parallelism, folder: Path, stalls: int | None) -> CoreSimulation:
    core = generate_core(network, folding(network, chosen), folder / "rtl")
    x = random_inputs(network, 400, seed=11)
    sim = folder / "sim"
    result = simulate_core(core, network, folder / "rtl", x, sim, backpressure_seed=stalls, optimise=False)
    if stalls is None:
        plans = plan_layers(analyse(network), chosen)
        cycles = (result.latency_cycles, result.initiation_interval)
        assert cycles == (class_cycles(plans, 1)[0], core.initiation_interval)
    return result


@pytest.mark.parametrize("case", range(len(CASES)))
def test_bit_exact_at_the_predicted_interval_and_under_back_pressure(case: int, tmp_path: Path) -> None:
    shape, chosen = CASES[case]
    network = random_network(shape, seed=case)
    for stalls in (None, 1, 2):
        result = run(network, chosen, tmp_path, stalls)
        assert (result.equal, result.first_difference) == (400, None)


def test_first_of_equal_logits_wins(tmp_path: Path) -> None:
    network = random_network(Shape("BINARY", 6, (4, 5)), seed=2)
    last = network.layers[1]
    weights = np.repeat(last.weights[:, :1], 5, axis=1)
    weights[0, 2] = 1 - abs(weights[0, 2])
    tied = network_of((network.layers[0], replace(last, weights=weights)), network.logit_scale)
    assert len(np.unique(tied.run(random_inputs(tied, 400, seed=11)).labels)) > 1
    assert run(tied, [(2, 3), (1, 2)], tmp_path, None).first_difference is None
