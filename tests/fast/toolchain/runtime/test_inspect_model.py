"""Models that nobody vouches for: what is wrong is found before anything runs, and named in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.runtime.inspect_model import Limits, inspect
from toolchain.runtime.load import read_model

Spoil = Callable[[onnx.ModelProto], None]


def model() -> onnx.ModelProto:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["sums"], name="product"),
        helper.make_node("Relu", ["sums"], ["y"], name="relu"),
    ]
    weights = numpy_helper.from_array(np.ones((3, 2), np.float32), "w")
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])
    graph = helper.make_graph(nodes, "g", [source], [sink], [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _no_nodes(m: onnx.ModelProto) -> None:
    del m.graph.node[:]


def _functions(m: onnx.ModelProto) -> None:
    m.functions.add().name = "f"


def _no_opset(m: onnx.ModelProto) -> None:
    del m.opset_import[:]


def _far_opset(m: onnx.ModelProto) -> None:
    m.opset_import[0].version = 9999


def _strange_domain(m: onnx.ModelProto) -> None:
    m.graph.node[0].domain = "nobody.knows"


def _strange_operator(m: onnx.ModelProto) -> None:
    m.graph.node[0].op_type = "Frobnicate"


def _later_operator(m: onnx.ModelProto) -> None:
    m.graph.node[1].op_type = "Gelu"


def _strange_quantiser(m: onnx.ModelProto) -> None:
    m.graph.node[0].domain, m.graph.node[0].op_type = "qonnx.custom_op.general", "Sorcery"


def _cycle(m: onnx.ModelProto) -> None:
    m.graph.node[0].input[0] = "y"


def _self_cycle(m: onnx.ModelProto) -> None:
    m.graph.node[1].input[0] = "y"


def _missing_input(m: onnx.ModelProto) -> None:
    m.graph.node[0].input[1] = "nowhere"


def _made_twice(m: onnx.ModelProto) -> None:
    m.graph.node[1].output[0] = "sums"


def _missing_output(m: onnx.ModelProto) -> None:
    m.graph.output[0].name = "z"


def _many_inputs(m: onnx.ModelProto) -> None:
    m.graph.input.extend(helper.make_tensor_value_info(f"more{i}", TensorProto.FLOAT, [1]) for i in range(16))


def _huge_input(m: onnx.ModelProto) -> None:
    m.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1 << 62


def _huge_constant(m: onnx.ModelProto) -> None:
    m.graph.initializer[0].dims[:] = [1 << 40, 1 << 40]


def _negative_size(m: onnx.ModelProto) -> None:
    m.graph.initializer[0].dims[:] = [-3, 2]


def _too_few_bytes(m: onnx.ModelProto) -> None:
    m.graph.initializer[0].dims[:] = [3, 200]


def _strange_type(m: onnx.ModelProto) -> None:
    m.graph.initializer[0].data_type = 7777


def _annotated_twice(m: onnx.ModelProto) -> None:
    for kind in ("INT8", "UINT4"):
        annotation = m.graph.quantization_annotation.add(tensor_name="x")
        annotation.quant_parameter_tensor_names.add(key="finn_datatype", value=kind)


def _deep(m: onnx.ModelProto) -> None:
    inner = m.graph
    for _ in range(9):
        node = inner.node.add()
        node.op_type, node.name = "If", "deeper"
        node.input.append(inner.input[0].name if inner.input else "x")
        node.output.append("z")
        attribute = node.attribute.add()
        attribute.name, attribute.type = "then_branch", onnx.AttributeProto.GRAPH
        inner = attribute.g
        inner.name = "inner"
        inner.node.add().op_type = "Relu"


SPOILS: list[tuple[Spoil, str]] = [
    (_no_nodes, "no graph, or one without nodes"),
    (_functions, "functions that cannot be inlined"),
    (_no_opset, "opset unknown: should be 7 to"),
    (_far_opset, "opset 9999: should be 7 to"),
    (_strange_domain, "unknown domain 'nobody.knows'"),
    (_strange_operator, "node product: operator Frobnicate is unknown in opset 17"),
    (_later_operator, "node relu: operator Gelu is unknown in opset 17"),
    (_strange_quantiser, "node product: operator Sorcery of qonnx.custom_op.general is unknown"),
    (_cycle, "node product: its input 'y' is made by itself or a later node: a cycle"),
    (_self_cycle, "node relu: its input 'y' is made by itself"),
    (_missing_input, "node product: its input 'nowhere' is made by no node"),
    (_made_twice, "node relu: tensor 'sums' is made twice"),
    (_missing_output, "output 'z' is made by no node"),
    (_many_inputs, r"17 inputs \(x, more0, more1, ... more15; 17 in all\); 1 to 16 are supported"),
    (_huge_input, "tensor 'x': shape .* is beyond"),
    (_huge_constant, "tensor 'w': shape .* is beyond"),
    (_negative_size, "tensor 'w': negative size"),
    (_too_few_bytes, "tensor 'w': 24 bytes of data where 2400 were expected"),
    (_strange_type, "tensor 'w': unknown element type 7777"),
    (_annotated_twice, "tensor 'x' is annotated twice"),
    (_deep, "nested too deeply"),
]


def test_a_good_model_passes(tmp_path: Path) -> None:
    inspect(model(), tmp_path, Limits())


@pytest.mark.parametrize(("spoil", "message"), SPOILS, ids=[spoil.__name__.strip("_") for spoil, _ in SPOILS])
def test_what_is_wrong_is_named(spoil: Spoil, message: str, tmp_path: Path) -> None:
    spoiled = model()
    spoil(spoiled)
    with pytest.raises(ModelError, match=message) as caught:
        inspect(spoiled, tmp_path, Limits())
    assert "\n" not in str(caught.value)


def test_too_many_nodes(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="more than 1 nodes"):
        inspect(model(), tmp_path, Limits(nodes=1))


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("/etc/passwd", "lies outside the model's folder"),
        ("../secret.bin", "lies outside the model's folder"),
        ("link.bin", "lies outside the model's folder"),
        ("", "lies outside the model's folder"),
        ("absent.bin", "'absent.bin' is missing beside the model"),
        ("short.bin", "beyond the end of 'short.bin'"),
    ],
)
def test_external_data_that_must_not_be_read(location: str, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(24))
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "short.bin").write_bytes(bytes(8))
    outside = model()
    _externalise(outside, location)
    with pytest.raises(ModelError, match=message):
        inspect(outside, folder, Limits())


def _externalise(m: onnx.ModelProto, location: str) -> None:
    tensor = m.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("length", "24")):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def test_external_data_beside_the_model_is_read(tmp_path: Path) -> None:
    outside = model()
    _externalise(outside, "weights.bin")
    (tmp_path / "weights.bin").write_bytes(np.full(6, 2, np.float32).tobytes())
    (tmp_path / "model.onnx").write_bytes(outside.SerializeToString())
    read = read_model(tmp_path / "model.onnx", Limits())
    assert np.array_equal(numpy_helper.to_array(read.graph.initializer[0]), np.full((3, 2), 2, np.float32))


@pytest.mark.parametrize("raw", [b"", b"not a model at all", model().SerializeToString()[:-20], bytes(1000)])
def test_files_that_are_no_models(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(raw)
    with pytest.raises(ModelError, match=r"malformed or truncated|truncated, or not an ONNX model"):
        read_model(tmp_path / "bad.onnx", Limits())
