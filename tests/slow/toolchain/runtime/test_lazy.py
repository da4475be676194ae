"""Graphs for ONNX Runtime whose later stages run only where they count: the same answers for any batch."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from tests.fast.toolchain.graph.staged_graphs import CLASSES, WIDTHS, decides, nested, staged, vectors
from toolchain.graph.deciding import deciding
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Confident
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive.graphs import answers, makers
from toolchain.runtime.half import half
from toolchain.runtime.lazy import THRESHOLD, lazily
from toolchain.runtime.session import open_session


def _said(graph: Graph, model: onnx.ModelProto, x: np.ndarray, batch: int, **more: np.ndarray) -> np.ndarray:
    session = open_session(model)
    parts = [
        session.run(None, {"x": x[at : at + batch].astype(np.float32), **more})[0] for at in range(0, len(x), batch)
    ]
    return np.concatenate(parts)


def _wanted(graph: Graph, x: np.ndarray) -> np.ndarray:
    output = graph.outputs[0]
    return answers(output, run_one(graph, x)[output.node])


@pytest.mark.parametrize("variant", ["fp32", "qcdq", "fp16"])
@pytest.mark.parametrize(("stages", "dual"), [(2, False), (3, False), (3, True)])
def test_every_batch_gives_the_same_answers(stages: int, dual: bool, variant: str) -> None:
    graph = staged(stages, dual=dual)
    x = vectors(graph, 60)
    made = decides(graph, x)
    model = lazily(makers(made, GraphSettings())[variant]())

    assert [node.op_type for node in model.graph.node].count("If") == 1
    for batch in (1, 7, 60):
        np.testing.assert_array_equal(_said(made, model, x, batch), _wanted(made, x))


@pytest.mark.parametrize("variant", ["fp32", "qcdq"])
def test_every_width_is_one_of_the_same_graph(variant: str) -> None:
    graph = nested()
    x = vectors(graph, 20)
    made = deciding(graph, CLASSES, (1, 1), WIDTHS)
    model = lazily(makers(made, GraphSettings())[variant]())

    assert {value.name for value in open_session(model).get_overridable_initializers()} == {"width25", "width50"}
    for thresholds in ((0, 0), (1, 0), (1, 1)):
        given = {f"width{w}": np.array([value], np.float32) for w, value in zip(WIDTHS, thresholds, strict=False)}
        wanted = _wanted(deciding(graph, CLASSES, thresholds, WIDTHS), x)
        for batch in (1, 20):
            np.testing.assert_array_equal(_said(made, model, x, batch, **given), wanted)


def test_another_threshold_needs_no_other_graph() -> None:
    graph = staged(2)
    x = vectors(graph, 50)
    made = decides(graph, x)
    (flag,) = [node.op for node in made if isinstance(node.op, Confident)]
    model = lazily(makers(made, GraphSettings())["fp32"]())
    session = open_session(model)

    assert [value.name for value in session.get_inputs()] == ["x"]
    assert [value.name for value in session.get_overridable_initializers()] == [f"{THRESHOLD}1"]
    for margin in (0, flag.margin, 5 + flag.margin):
        other = np.array([margin], np.float32)
        said = _said(made, model, x, 1, **{f"{THRESHOLD}1": other})
        np.testing.assert_array_equal(said, _wanted(deciding(graph, CLASSES, [margin]), x))


def test_products_of_later_stages_stand_in_the_branch_alone() -> None:
    graph = staged(3)
    model = lazily(makers(decides(graph, vectors(graph, 50)), GraphSettings())["fp32"]())
    (branch,) = [node for node in model.graph.node if node.op_type == "If"]
    inner = next(a.g for a in branch.attribute if a.name == "else_branch")

    products = {"Conv", "MatMul", "Gemm"}
    assert sum(node.op_type in products for node in model.graph.node) == 2
    assert sum(node.op_type in products for node in inner.node) == 2
    assert sum(node.op_type == "If" for node in inner.node) == 1


def test_a_graph_that_chooses_nothing_stays_as_it_is() -> None:
    graph = staged(2)
    model = makers(graph, GraphSettings())["fp32"]()
    assert lazily(model) is model


def test_what_was_rounded_to_float16_is_lazy_too() -> None:
    graph = staged(2)
    x = vectors(graph, 40)
    made = decides(graph, x)
    model = lazily(half(makers(made, GraphSettings())["fp32"]()))

    assert [node.op_type for node in model.graph.node].count("If") == 1
    np.testing.assert_array_equal(_said(made, model, x, 1), _wanted(made, x))
