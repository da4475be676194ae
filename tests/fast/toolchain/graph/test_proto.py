"""Texts of an ONNX file that are no UTF-8 are named: protobuf hands them out as bytes."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from toolchain.errors import ModelError
from toolchain.graph.proto import read_proto
from toolchain.runtime.inspect_model import Limits
from toolchain.runtime.load import read_model


def _model() -> bytes:
    source = helper.make_tensor_value_info("x_tensor", TensorProto.FLOAT, ["x_dimension", 3])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["x_dimension", 3])
    node = helper.make_node("LeakyRelu", ["x_tensor"], ["y"], alpha=0.5, doc_string="x_doc")
    graph = helper.make_graph([node], "g", [source], [sink])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("x_domain", 1)]
    return helper.make_model(graph, producer_name="x_producer", opset_imports=opsets, ir_version=8).SerializeToString()


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("x_tensor", r"graph\.node\.input"),
        ("LeakyRelu", r"graph\.node\.op_type"),
        ("x_doc", r"graph\.node\.doc_string"),
        ("alpha", r"graph\.node\.attribute\.name"),
        ("x_dimension", r"graph\.input\.type\.tensor_type\.shape\.dim\.dim_param"),
        ("x_domain", r"opset_import\.domain"),
        ("x_producer", "producer_name"),
    ],
)
def test_it_is_named(word: str, field: str, tmp_path: Path) -> None:
    path, raw = tmp_path / "m.onnx", _model()
    assert word.encode() in raw
    path.write_bytes(raw.replace(word.encode(), b"\xf7" + word.encode()[1:]))
    for read in (lambda: read_model(path, Limits()), lambda: read_proto(path)):
        with pytest.raises(ModelError, match=f"its {field} is no UTF-8 text"):
            read()


def test_sound_texts_pass(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(_model().replace(b"x_doc", "x_\N{LATIN SMALL LETTER E WITH ACUTE}d".encode()))
    assert isinstance(read_proto(path), onnx.ModelProto)
