"""A model that draws random numbers is refused, and what draws them is named."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.runtime import third_party
from toolchain.runtime.repeat import must_repeat
from toolchain.runtime.third_party import import_model


def _model(node: onnx.NodeProto) -> onnx.ModelProto:
    constants = {"ratio": np.float32(0.5), "yes": np.array(True)}
    tensors = [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()]
    sides = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 8]) for name in ("x", "y")]
    graph = helper.make_graph([node], "g", sides[:1], sides[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(
    ("node", "named"),
    [
        (helper.make_node("Dropout", ["x", "ratio", "yes"], ["y"], "drop"), "node drop (Dropout in training mode)"),
        (helper.make_node("RandomNormalLike", ["x"], ["y"], "noise"), "node noise (RandomNormalLike)"),
    ],
)
def test_what_is_random_is_named(
    node: onnx.NodeProto, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(third_party, "load_untrusted", lambda path: onnx.load(str(path)))
    onnx.save(_model(node), str(tmp_path / "m.onnx"))
    with pytest.raises(ModelError, match=re.escape(f"m.onnx: it answers the same input otherwise each time: {named}")):
        import_model(tmp_path / "m.onnx")


def test_nan_repeats() -> None:
    model, answers = _model(helper.make_node("Log", ["x"], ["y"])), np.array([[np.nan, 1.0]])
    must_repeat(model, answers, answers.copy())
    with pytest.raises(ModelError, match="otherwise each time; export it for inference"):
        must_repeat(model, answers, np.array([[0.0, 1.0]]))
