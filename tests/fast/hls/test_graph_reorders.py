"""Channels that are put in another order before a product cost nothing: its weights are put in that order."""

from __future__ import annotations

import numpy as np

from hls.graph_reorders import without_reorders
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Concat, Input, Linear, Reduce, Reshape, Select, dense
from toolchain.graph.ops.moves import window
from toolchain.graph.types import TensorType

RANDOM = np.random.default_rng(3)


def weights(inputs: int, outputs: int) -> Linear:
    return dense(RANDOM.integers(-8, 8, (inputs, outputs)), RANDOM.integers(-9, 9, outputs))


def shuffled(count: int) -> Select:
    return Select(tuple(RANDOM.permutation(count).tolist()))


def kinds(graph: Graph) -> list[type]:
    return [type(node.op) for node in graph]


def must_be_equal(graph: Graph, made: Graph) -> None:
    size = graph.types[graph.sole_input].shape
    x = RANDOM.integers(-8, 8, (20, *size))
    for before, after in zip(graph.outputs, made.outputs, strict=True):
        assert (before.name, before.scale) == (after.name, after.scale)
        assert np.array_equal(run_one(graph, x, [before.node])[before.node], run_one(made, x, [after.node])[after.node])


def given(*shape: int) -> Graph:
    graph = Graph()
    graph.add("x", Input(TensorType(shape, -8, 7)))
    return graph


def test_flattened_features_of_two_branches_go_through_a_concat() -> None:
    graph = given(2, 3, 4)
    graph.add("flat", Reshape((24,)), "x")
    graph.add("a", shuffled(24), "flat")
    graph.add("again", shuffled(24), "a")
    graph.add("b", Reshape((24,)), "x")
    graph.add("both", Concat(), "again", "b", "a")
    graph.add("scores", weights(72, 5), "both")
    graph.end("out", "scores", 0.5)

    made = without_reorders(graph)
    assert Select not in kinds(made)
    must_be_equal(graph, made)


def test_an_order_that_something_else_needs_stays() -> None:
    graph = given(6)
    graph.add("seen", shuffled(6), "x")
    graph.add("scores", weights(6, 3), "seen")
    graph.end("scores", "scores")
    graph.end("seen", "seen")

    made = without_reorders(graph)
    assert kinds(made) == kinds(graph)
    must_be_equal(graph, made)


def test_windows_groups_and_parts_keep_their_order() -> None:
    graph = given(4, 6)
    graph.add("order", shuffled(6), "x")
    graph.add("taps", window([2]), "order")
    graph.add("most", Reduce("max", 2), "taps")
    graph.add("order of groups", shuffled(6), "most")
    graph.add("groups", Linear(RANDOM.integers(-3, 3, (3, 4)), np.zeros(4, np.int64), groups=2), "order of groups")
    graph.add("part", Select((3, 1)), "groups")
    graph.add("scores", weights(2, 3), "part")
    graph.end("scores", "scores")

    made = without_reorders(graph)
    assert kinds(made) == kinds(graph)
    must_be_equal(graph, made)
