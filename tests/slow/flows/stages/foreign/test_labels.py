"""Files that end in their label become golden vectors of the class, not of the label as if it were a score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from flows.stages.context import Context
from flows.stages.foreign import integers
from tests.fast.toolchain.graph.readers.qonnx.models import Model
from toolchain.errors import DataError, ModelError
from toolchain.graph.golden_vectors import Golden
from toolchain.layout import Layout, Request
from toolchain.results.facts import IntegersFacts

CLASSES = 5
ROWS = np.random.default_rng(2).normal(0, 1, (60, 8)).astype(np.float32)


def _file(folder: Path, operator: str, **said: Any) -> Path:
    """A hidden layer, scores with many ties, and what makes a label of them."""
    model = Model(3)
    x = model.quant(model.input("x", (8,)), 4)
    hidden = model.quant(model.apply("MatMul", [x, model.weights((8, 6))]), 2, 1.0, signed=False)
    scores = model.apply("MatMul", [hidden, model.weights((6, CLASSES), 2, 1.0)])
    if operator == "TopK":
        label = model.apply("TopK", [scores, np.array([1])], outputs=2, axis=-1, **said)[1]
    else:
        label = model.apply(operator, [scores], axis=1, **said)
    path = folder / "net.onnx"
    path.write_bytes(model.made(str(label), kind=TensorProto.INT64).model.SerializeToString())
    return path


def _ran(folder: Path, file: Path, **arrays: Any) -> tuple[Golden, IntegersFacts]:
    np.savez(folder / "test.npz", x=ROWS, **arrays)
    request = Request("icebreaker", "net", file=str(file), test=str(folder / "test.npz"))
    layout = Layout(request, folder / "build")
    layout.events.parent.mkdir(parents=True)
    (folder / "out").mkdir()
    outcome = integers.run(Context("integers", request, layout, folder / "out"))
    assert isinstance(outcome.facts, IntegersFacts)
    return Golden.load(folder / "out" / "golden.npz"), outcome.facts


@pytest.mark.parametrize("operator", ["ArgMax", "TopK"])
def test_its_class_is_that_of_the_file(tmp_path: Path, operator: str) -> None:
    file = _file(tmp_path, operator)
    golden, facts = _ran(tmp_path, file, y=np.arange(60) % CLASSES)
    assert golden.logits.shape == (60, CLASSES) and facts.outputs == CLASSES
    assert len(np.unique(golden.labels)) > 1
    assert facts.accuracy == np.mean(golden.labels == np.arange(60) % CLASSES)


@pytest.mark.parametrize("wrong", [CLASSES, -1])
def test_a_true_class_that_there_is_not_is_refused(tmp_path: Path, wrong: int) -> None:
    with pytest.raises(DataError, match=f"y holds class {wrong} in row 0|y\\[0\\] is {wrong}"):
        _ran(tmp_path, _file(tmp_path, "ArgMax"), y=np.full(60, wrong))


@pytest.mark.parametrize(
    ("operator", "said", "words"),
    [("ArgMax", {"select_last_index": 1}, "select_last_index 1"), ("TopK", {"largest": 0}, "largest 0")],
)
def test_a_label_of_another_rule_is_refused_by_name(
    tmp_path: Path, operator: str, said: dict[str, int], words: str
) -> None:
    file = _file(tmp_path, operator, **said)
    with pytest.raises(
        ModelError, match=rf"net.onnx: node .*{operator}.*{words}.*is no label that integer logits tell"
    ):
        _ran(tmp_path, file)
