"""Neurons and inputs that never change are constants to the layers that read them, in Verilog that is legal."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from hls.generate import generate_core
from hls.unrolled.expressions import Expressions
from hls.unrolled.ir import Operand, Sum
from hls.unrolled.linear import LinearGraph
from hls.unrolled.lower import lower_network
from tests.fast.hls.dead import ACTIVATIONS, dead_network
from tests.fast.hls.unrolled.networks import random_inputs
from tests.fast.hls.unrolled.test_generate import folding
from tests.fast.hls.unrolled.test_lower import same
from toolchain.graph.dense import DenseLayer, network_of

ALWAYS_MINUS_ONE = DenseLayer("a", np.array([[-11]]), "BINARY", "BIPOLAR", np.array([[118]]), 2, -1)
READS_IT = DenseLayer("b", np.array([[-32]]), "BIPOLAR", "INT32")


def selects_of_scalars(verilog: str) -> set[str]:
    """Selected wires and registers that have no range."""
    scalars = set(re.findall(r"(?:wire|reg) (\w+)(?: =|;)", verilog))
    return {name for name in re.findall(r"(\w+)\[", verilog) if name in scalars}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("seed", range(3))
def test_graphs_equal_the_integer_network(name: str, seed: int) -> None:
    network = dead_network(ACTIVATIONS[name], seed)
    same(lower_network(network), network, random_inputs(network, 60))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_verilog_selects_bits_of_vectors_only_and_no_negative_ones(name: str, tmp_path: Path) -> None:
    for seed in range(3):
        core = generate_core(dead_network(ACTIVATIONS[name], seed), folding(), tmp_path / str(seed))
        for source in core.sources:
            text = (tmp_path / str(seed) / source).read_text()
            assert not selects_of_scalars(text)
            assert "[-" not in text


def test_a_lone_neuron_that_never_fires_leaves_a_constant(tmp_path: Path) -> None:
    generate_core(network_of((ALWAYS_MINUS_ONE, READS_IT)), folding(), tmp_path)
    text = (tmp_path / "unrolled_layer1.v").read_text()
    assert "assign y = {7'd32};" in text
    assert "reg" not in text


def test_a_sum_passes_on_a_single_bit_of_a_scalar() -> None:
    linear = LinearGraph(np.zeros(2, np.int64), np.array([1, 15]))
    total = linear.combine(Operand(0), Operand(1, 1, 1)).node
    assert isinstance(linear.graph.nodes[total], Sum)
    lines = Expressions(linear.graph).define_chain("s0", [total], lambda node: f"n{node}")
    assert not selects_of_scalars("\n".join(["wire n0;", *lines]))
