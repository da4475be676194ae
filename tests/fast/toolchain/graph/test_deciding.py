"""A network that decides answers with the first confident stage, and tells its number; what cannot be is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fast.toolchain.graph.staged_graphs import CLASSES, WIDTHS, decides, nested, staged, vectors
from toolchain.errors import ModelError
from toolchain.graph.deciding import (
    carried,
    deciding,
    idle_flags,
    numbers_of,
    stage_numbers,
    stages_chosen,
    stages_in,
    thresholds_of,
    thresholds_of_width,
    widths_of,
)
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Confident, Gate, Input, dense
from toolchain.graph.types import TensorType

_MAKES = [(2, False), (3, False), (2, True), (3, True)]


@pytest.mark.parametrize(("stages", "dual"), _MAKES)
def test_the_answer_is_that_of_the_first_confident_stage(stages: int, dual: bool) -> None:
    graph = staged(stages, dual=dual)
    x = vectors(graph, 200)
    made = decides(graph, x)
    scores = [run_one(graph, x, [f"scores{i}"])[f"scores{i}"].astype(int) for i in range(stages)]
    thresholds = [node.op.margin for node in made if isinstance(node.op, Confident)]
    answer = run_one(made, x)[made.outputs[0].node]

    for row in range(len(x)):
        leads = [np.diff(np.sort(stage[row])[-2:])[0] for stage in scores]
        stage = next((i for i, least in enumerate(thresholds) if leads[i] >= least), stages - 1)
        assert answer[row].tolist() == [*scores[stage][row], numbers_of(made)[stage]]
    assert {row[-1] for row in answer.tolist()} == set(numbers_of(made))


def test_the_greatest_of_an_answer_is_a_class() -> None:
    graph = staged(2)
    made = decides(graph, vectors(graph, 50))
    answer = run_one(made, vectors(graph, 500, 1))[made.outputs[0].node]

    assert (answer.argmax(axis=1) < CLASSES).all()


def test_what_only_later_stages_need_stands_behind_gates() -> None:
    graph = staged(3)
    made = decides(graph, vectors(graph, 50))
    idle = idle_flags(made)

    assert idle["scores0"] == idle["confident1"] == idle["answer"] == ()
    assert idle["window1"] == idle["scores1"] == idle["answer2"] == ("confident1",)
    assert idle["scores2"] == ("confident1", "confident2")
    assert [n.name for n in made if isinstance(n.op, Gate)] == ["codes0_to2", "codes1_to3"]


def test_a_network_that_sees_the_input_late_sees_it_through_every_gate() -> None:
    graph = staged(3, dual=True)
    made = decides(graph, vectors(graph, 50))

    assert made["x_to3"].inputs == ("x_to2", "confident2") and made["x_to2"].inputs == ("x", "confident1")


def test_idle_parts_carry_what_no_earlier_stage_answers() -> None:
    graph = staged(2)
    x = vectors(graph, 60)
    made = decides(graph, x)
    flags = run_one(made, x, ["confident1"])

    some = carried(made, flags, "scores1")
    assert carried(made, flags, "scores0") is None and some is not None
    assert some.tolist() == (flags["confident1"][:, 0] == 0).tolist() and 0 < some.sum() < 60


def test_stages_are_chosen_outside_the_graph_alike() -> None:
    graph = staged(3)
    x = vectors(graph, 100)
    made = decides(graph, x)
    names = stages_in(graph, CLASSES).scores
    values = run_one(graph, x, names)
    thresholds = [node.op.margin for node in made if isinstance(node.op, Confident)]
    chosen = stages_chosen([values[name] for name in names], thresholds)

    told = run_one(made, x)[made.outputs[0].node][:, -1]
    assert told.tolist() == np.array(stage_numbers(graph, names))[chosen].tolist()


@pytest.mark.parametrize("stage", range(3))
def test_a_chosen_width_answers_whatever_the_scores_are(stage: int) -> None:
    graph = nested()
    x = vectors(graph, 40)
    thresholds = thresholds_of_width(WIDTHS, WIDTHS[stage])
    made = deciding(graph, CLASSES, thresholds, WIDTHS)
    answer = run_one(made, x)[made.outputs[0].node]
    scores = run_one(graph, x, [f"scores{stage}"])[f"scores{stage}"]

    assert answer.tolist() == np.column_stack([scores, np.full(len(x), numbers_of(made)[stage])]).tolist()
    assert (thresholds_of(made), widths_of(made)) == (thresholds, WIDTHS)
    chosen = stages_chosen([scores] * 3, thresholds, by_width=True)
    assert set(chosen.tolist()) == {stage}


def test_wider_blocks_stand_behind_gates_that_wait_for_the_input_alone() -> None:
    made = deciding(nested(), CLASSES, (1, 0), WIDTHS)
    idle = idle_flags(made)

    assert (made["chosen1"].inputs, made["chosen2"].inputs) == (("x",), ("x_to2",))
    assert idle["codes0_0"] == idle["scores0"] == ()
    assert idle["codes1_1"] == idle["scores1"] == ("chosen1",)
    assert idle["codes1_2"] == idle["scores2"] == ("chosen1", "chosen2")


def test_a_width_is_chosen_or_not() -> None:
    with pytest.raises(ModelError, match="a margin of 2; 0 for a width that ends here, 1 for a wider one"):
        deciding(nested(), CLASSES, [2, 0], WIDTHS)


def test_thresholds_and_ends_that_cannot_be_are_refused() -> None:
    graph = staged(2)
    with pytest.raises(ModelError, match=r"threshold 999,999 of stage 1: its scores lead by 0 to \d"):
        deciding(graph, CLASSES, [999_999])
    with pytest.raises(ModelError, match="2 thresholds for 2 stages; each stage but the last has one"):
        deciding(graph, CLASSES, [1, 2])
    with pytest.raises(ModelError, match="each stage has 5 classes"):
        deciding(graph, 5, [1])
    plain = Graph()
    plain.add("x", Input(TensorType((3,), 0, 1)))
    plain.end("y", plain.add("scores", dense(np.ones((3, 2), np.int64)), "x"))
    with pytest.raises(ModelError, match="ends in the scores of its stages side by side"):
        deciding(plain, 2, [1])


def test_a_stage_that_needs_nothing_new_is_refused() -> None:
    graph = staged(2)
    same = Graph()
    for node in graph:
        same.add(node.name, node.op, *("scores1" if name == "scores0" else name for name in node.inputs))
    same.end("logits", "all")
    with pytest.raises(ModelError, match="stage 2 needs nothing that stage 1 lacks"):
        deciding(same, CLASSES, [1])
