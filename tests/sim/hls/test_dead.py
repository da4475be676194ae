"""Cores of both strategies in Verilator where many neurons, inputs or whole layers never change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.generate import generate_core
from hls.simulate import simulate_core
from tests.doubles.folded import NOTHING
from tests.fast.hls.dead import ACTIVATIONS, dead_network
from tests.fast.hls.networks import folding, random_inputs
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.results.folding import Folding

IDENTITY = np.array([[1]])
UNROLLED = Folding("unrolled", (), 1, 9e7, 90_000_000, None, NOTHING)
# Name of the activation, seed and input type; the seeds take turns in weights and in dead layers.
CASES = [("bipolar", 0, "BINARY"), ("two bits, two levels", 1, "INT4")]


def check(network: DenseNetwork, chosen: Folding, folder: Path) -> None:
    core = generate_core(network, chosen, folder / "rtl")
    x = random_inputs(network, 300, seed=5)
    result = simulate_core(core, network, folder / "rtl", x, folder / "sim", optimise=False)
    assert (result.compared, result.equal, result.first_difference) == (300, 300, None)


@pytest.mark.parametrize(("name", "seed", "input_type"), [*CASES, ("no levels", 0, "UINT8")])
def test_unrolled(name: str, seed: int, input_type: str, tmp_path: Path) -> None:
    check(dead_network(ACTIVATIONS[name], seed, input_type=input_type), UNROLLED, tmp_path)


@pytest.mark.parametrize(("name", "seed", "input_type"), [*CASES, ("no levels, BIPOLAR", 0, "UINT8")])
def test_folded(name: str, seed: int, input_type: str, tmp_path: Path) -> None:
    network = dead_network(ACTIVATIONS[name], seed, input_type=input_type)
    # A search, parallel thresholds, and the comparison of logits.
    check(network, folding(network, [(1, 1), (3, 2), (4, 6)]), tmp_path)


def test_one_neuron_that_never_fires(tmp_path: Path) -> None:
    first = DenseLayer("a", -11 * IDENTITY, "BINARY", "BIPOLAR", 118 * IDENTITY, 2, -1)
    last = DenseLayer("b", -32 * IDENTITY, "BIPOLAR", "INT32")
    check(network_of((first, last)), UNROLLED, tmp_path)
