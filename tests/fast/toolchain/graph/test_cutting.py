"""A network cut in two answers as before, and where it cannot be cut it says why."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.graph.staged_graphs import decides, staged, vectors
from toolchain.errors import ModelError
from toolchain.graph.cutting import cut, cuts_of
from toolchain.graph.execute import run, run_one
from toolchain.graph.graph import Graph
from toolchain.graph.labelled import with_label
from toolchain.graph.ops import Add, Input, dense
from toolchain.graph.types import TensorType


def chain() -> Graph:
    """Two dense layers, a branch around the second, and another layer."""
    random, graph = np.random.default_rng(1), Graph()
    graph.add("x", Input(TensorType((6,), 0, 3)))
    graph.add("first", dense(random.integers(-2, 3, (6, 4))), "x")
    graph.add("second", dense(random.integers(-2, 3, (4, 4))), "first")
    graph.add("sum", Add((1, 1)), "first", "second")
    graph.end("scores", graph.add("last", dense(random.integers(-2, 3, (4, 3))), "sum"), 0.5)
    return graph


def test_it_can_be_cut_where_one_tensor_is_all_that_is_needed() -> None:
    graph = chain()
    found = cuts_of(graph)
    assert [one.node for one in found] == ["first", "sum"]
    total = sum(node.op.operations(*graph.types_into(node)) for node in graph)
    assert all(one.before + one.behind == total for one in found) and found[0].behind > found[1].behind
    assert found[0].bytes == 4


@pytest.mark.parametrize("node", ["first", "sum"])
def test_both_parts_give_the_outputs_of_the_whole(node: str) -> None:
    graph = with_label(chain())
    first, rest = cut(graph, node)
    x = np.random.default_rng(2).integers(0, 4, (50, 6))
    carried = run_one(first, x, [node])[node]
    ends = [output.node for output in graph.outputs]
    whole, parts = run_one(graph, x, ends), run(rest, {node: carried}, ends)

    for name in ends:
        np.testing.assert_array_equal(whole[name], parts[name])
    assert [(o.name, o.scale) for o in rest.outputs] == [(o.name, o.scale) for o in graph.outputs]
    assert "last" not in first and "first" not in {n.name for n in rest if not isinstance(n.op, Input)}


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ("nothing", "the network has none of that name"),
        ("x", "it is the input, so that nothing would be left to the device"),
        ("last", "it is the end, so that nothing would be left to the host"),
        ("second", "a branch passes it by, so that more than its tensor would have to be carried"),
    ],
)
def test_what_cannot_be_cut_says_why_and_where_it_can_be(node: str, why: str) -> None:
    with pytest.raises(ModelError, match=f"node {node}: {why}; it can be cut behind first, sum"):
        cut(chain(), node)


def test_a_window_and_what_gates_let_idle_are_no_places() -> None:
    graph = staged(2)
    made = decides(graph, vectors(graph, 30))
    with pytest.raises(ModelError, match="a window repeats what stands before it"):
        cut(made, "window0")
    with pytest.raises(ModelError, match="a branch passes it by"):
        cut(made, "scores1")
    assert "codes0" in {one.node for one in cuts_of(made)}
