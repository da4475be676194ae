"""Errors of the graphs stage name the files that the person gave, not the copies that it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from flows.stages.ort import graphs
from tests.fast.flows.stages.ort.foreign import loaded
from toolchain.errors import DataError, ModelError


def _model(path: Path, operator: str = "Relu") -> Path:
    source, sink = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in "xy")
    graph = helper.make_graph([helper.make_node(operator, ["x"], ["y"])], "g", [source], [sink])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def test_the_calibration_file_is_named_as_given(tmp_path: Path) -> None:
    given = tmp_path / "mine.npz"
    np.savez(given, x=np.zeros((3, 5), np.float32))
    context = loaded(tmp_path / "build", "graphs", _model(tmp_path / "net.onnx"), given)
    with pytest.raises(DataError, match=r"x has shape \(3, 5\)") as caught:
        graphs.run(context)
    assert str(caught.value).startswith(f"{given}: ") and "calibration.npz" not in str(caught.value)


def test_the_model_is_named_as_given(tmp_path: Path) -> None:
    given = _model(tmp_path / "net.onnx", "RandomNormalLike")
    context = loaded(tmp_path / "build", "graphs", given)
    with pytest.raises(ModelError) as caught:
        graphs.run(context)
    assert str(caught.value).startswith(f"{given}: ") and "model.onnx" not in str(caught.value)
