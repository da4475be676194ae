"""A cone's table is what its nodes compute, and saves what nobody else reads."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from hls.unrolled.cones import LEAST_SAVED, Cones, table_of
from hls.unrolled.cost import total_positions
from hls.unrolled.fabric import ECP5, FOUR, ICE40, ULTRASCALE, Fabric, TableRam
from hls.unrolled.ir import AtLeast, Bit, Graph, Input, Operand, Sum
from hls.unrolled.lower import lower_network
from tests.fast.hls.unrolled.networks import random_network


@pytest.mark.parametrize(
    ("ram", "width", "most", "shares"),
    [
        (FOUR.ram, 1, 14, (0.5, 1.0)),
        (FOUR.ram, 2, 13, (0.5, 1.0)),
        (FOUR.ram, 6, 11, (0.5, 1.0)),
        (ICE40.ram, 2, 11, (1.0, 1.0)),
    ],
)
def test_a_block_ram_holds_two_tables_of_half_its_bits(
    ram: TableRam, width: int, most: int, shares: tuple[float, float]
) -> None:
    assert ram.most_bits(width) == most
    assert (ram.share(most - 1, width), ram.share(most, width)) == shares
    assert ram.most_bits(ram.widest + 1) == 0


def test_a_neuron_of_few_bits_is_a_table_of_its_inputs() -> None:
    graph = lower_network(random_network([11, 1, 2], 5, "BINARY", zeros=0.0))[0].graph
    (output,) = graph.outputs
    cone = Cones(graph, [output]).best(output)
    assert cone is not None
    assert cone.bits == tuple(Bit(i, 0) for i in range(11))
    assert cone.saved == total_positions(graph, [output]) > LEAST_SAVED / 2


@pytest.mark.parametrize("fabric", [FOUR, ECP5, ICE40, ULTRASCALE], ids=str)
def test_putting_it_into_memory_saves_what_it_says_and_changes_no_value(fabric: Fabric) -> None:
    # Where sums are cheaper, only neurons of a larger layer are worth a memory.
    shape, zeros = ([60, 24, 5], 0.5) if fabric.paired else ([40, 12, 5], 0.4)
    layer = lower_network(random_network(shape, 6, "BINARY", zeros=zeros), fabric)[0]
    graph, live = layer.graph, layer.live_outputs
    x = np.random.default_rng(1).integers(layer.source.low, layer.source.high + 1, (500, len(layer.source.low)))
    results, taken = graph.run(x), 0
    for output in live:
        before = total_positions(graph, live)
        if cone := Cones(graph, live).best(output):
            graph.replace(output, table_of(graph, cone))
            assert before - total_positions(graph, live) == pytest.approx(cone.saved)
            taken += 1
    assert taken > 0
    np.testing.assert_array_equal(graph.run(x), results)


def test_a_sum_that_another_neuron_reads_is_not_saved() -> None:
    graph = Graph()
    for index in range(4):
        graph.add(Input(index), 0, 15)
    shared = graph.add(Sum(Operand(0), Operand(1)), 0, 30)
    whole = graph.add(Sum(Operand(shared), Operand(2)), 0, 45)
    first, second = graph.add(AtLeast(whole, 23), 0, 1), graph.add(AtLeast(shared, 15), 0, 1)
    graph.outputs = [first, second]
    alone, beside = (Cones(graph, live).best(first) for live in ([first], [first, second]))
    assert alone is not None
    assert beside is not None
    assert alone.saved - beside.saved == pytest.approx(total_positions(graph, [shared]))
    # Five bits of the sum and four of the input are a smaller address than twelve of inputs.
    assert (len(alone.bits), len(beside.bits)) == (12, 9)


def test_bits_that_are_never_there_at_once_are_harmless() -> None:
    graph = Graph()
    for index in range(2):
        graph.add(Input(index), -3, 2)
    total = graph.add(Sum(Operand(0), Operand(1, -1)), -5, 5)
    graph.outputs = [graph.add(AtLeast(total, 2), 0, 1)]
    x = np.array(list(product(range(-3, 3), repeat=2)))
    results = graph.run(x)
    cone = next(cone for cone in Cones(graph, graph.outputs)._grown(graph.outputs[0]) if len(cone.nodes) == 2)
    table = table_of(graph, cone)
    assert (len(table.bits), len(table.values), set(table.values)) == (6, 64, {0, 1})
    graph.replace(graph.outputs[0], table)
    np.testing.assert_array_equal(graph.run(x), results)
