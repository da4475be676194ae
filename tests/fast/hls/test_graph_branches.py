"""Branches of one shape become one, and only those: the outputs are the same."""

from __future__ import annotations

import numpy as np
import pytest

from hls.graph_branches import with_joined_branches
from hls.graph_forms import best_that_fits, form_of, forms_of
from hls.graph_stages import stages_of
from tests.sim.hls.branches import branched, values
from toolchain.errors import TooLargeError
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Concat, Linear, Select, Window


def answers(graph: Graph) -> np.ndarray:
    (end,) = graph.outputs
    return run_one(graph, values(graph), [end.node])[end.node]


@pytest.mark.parametrize("branches", [2, 3])
@pytest.mark.parametrize("flat", [False, True])
def test_branches_become_the_groups_of_one(branches: int, flat: bool) -> None:
    graph = branched(branches, flat=flat)
    made = with_joined_branches(graph)

    products = [node.op for node in made if isinstance(node.op, Linear)]
    assert [op.groups for op in products] == [1, branches, 1]
    assert not any(isinstance(node.op, Concat) for node in made)
    assert np.array_equal(answers(graph), answers(made))
    # The first window is the same for all.
    assert sum(isinstance(node.op, Window) for node in made) == 3


def test_features_side_by_side_take_no_unit_that_reorders_them() -> None:
    graph = branched(2, flat=True)
    plain, joined = forms_of(graph)

    assert not any(isinstance(node.op, Select) for form in (plain, joined) for node in form)
    assert len(stages_of(joined)) < len(stages_of(plain))
    assert np.array_equal(answers(graph), answers(joined))


def test_a_form_is_known_by_its_tensors() -> None:
    graph = branched(2)
    for form in forms_of(graph):
        again = form_of(graph, tuple(stage.tensor for stage in stages_of(form)))
        assert [node.name for node in again] == [node.name for node in form]


@pytest.mark.parametrize(("enough", "best"), [(50, 40), (30, 20), (10, 20), (None, 20)])
def test_the_first_form_that_is_fast_enough_counts_else_the_fastest(enough: int | None, best: int) -> None:
    def fitted(cycles: int) -> int:
        if cycles < 20:
            raise TooLargeError(f"{cycles}")
        return cycles

    assert best_that_fits([10, 40, 20, 30], fitted, lambda cycles: cycles, enough) == best
    with pytest.raises(TooLargeError, match="11"):
        best_that_fits([10, 11], fitted, lambda cycles: cycles, enough)


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": (4, 6)},
        {"groups": 2},
        {"levels": (7, 15)},
        {"seen": True},
        {"taken": True},
        {"strides": (1, 2)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_branches_stay_apart(change: dict[str, object]) -> None:
    graph = branched(2, **change)  # type: ignore[arg-type]
    assert with_joined_branches(graph) is graph
