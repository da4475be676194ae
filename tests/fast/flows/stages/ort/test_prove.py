"""What the prove stage says of a graph: labels where outputs are classes only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from flows.stages.ort import graphs, prove
from tests.fast.flows.stages.ort.foreign import following, loaded
from toolchain.layout import OutputKind
from toolchain.results.facts import ProveFacts
from toolchain.results.facts.runtime import GraphProof


def _root(path: Path) -> Path:
    """Square roots of values of both signs: NaN to some vectors."""
    source, sink = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in "xy")
    half = helper.make_tensor("half", TensorProto.FLOAT, [], [0.5])
    nodes = [helper.make_node("Sub", ["x", "half"], ["d"]), helper.make_node("Sqrt", ["d"], ["y"])]
    graph = helper.make_graph(nodes, "g", [source], [sink], [half])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def _proved(folder: Path, outputs: OutputKind | None, board: str = "host") -> Mapping[str, GraphProof]:
    context = loaded(folder / "build", "graphs", _root(folder / "root.onnx"), outputs=outputs, board=board)
    graphs.run(context)
    facts = prove.run(following(context, "prove")).facts
    assert isinstance(facts, ProveFacts)
    return facts.graphs


@pytest.mark.parametrize("outputs", [None, "values"])
def test_values_have_no_labels(outputs: OutputKind | None, tmp_path: Path) -> None:
    for proof in _proved(tmp_path, outputs).values():
        assert proof.labels_equal is None and proof.differing is None
        assert proof.compared == 1000


def test_classes_have_labels(tmp_path: Path) -> None:
    assert _proved(tmp_path, "classes")["fp32"].labels_equal == 1000


@pytest.mark.parametrize(("board", "binds"), [("host", True), ("raspberrypi4", True), ("raspberrypi5", False)])
def test_a_processor_that_adds_in_float16_is_not_bound_by_sums_that_were_rounded_here(
    board: str, binds: bool, tmp_path: Path
) -> None:
    """A Cortex-A76 gave a third of keyword spotting's images another label than a Cortex-A72 and this computer."""
    proved = _proved(tmp_path, "values", board)
    assert (proved["fp16"].binds, proved["fp32"].binds) == (binds, True)
    assert ("rounds sums otherwise" in proved["fp16"].meaning) is not binds
    assert proved["fp32"].eligible and proved["fp16"].eligible <= binds
