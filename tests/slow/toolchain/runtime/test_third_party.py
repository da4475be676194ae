"""A small QONNX network and a small float model through the import, without the child process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.fast.toolchain.graph.readers.qdq.made import Made
from toolchain.errors import DataError, ModelError
from toolchain.graph.lower import opset_of
from toolchain.runtime import third_party
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.integer_kernels import INT8_STAYS, NO_SATURATION
from toolchain.runtime.prove_third_party import prove_import
from toolchain.runtime.session import open_session
from toolchain.runtime.third_party import import_model


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(third_party, "load_untrusted", lambda path: onnx.load(str(path)))


def _save(path: Path, nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], wide: int, opset: int) -> Path:
    tensors = [numpy_helper.from_array(np.asarray(values, np.float32), name) for name, values in constants.items()]
    source = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 2, 4])
    sink = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, wide])
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("qonnx.custom_op.general", 1)]
    graph = helper.make_graph(nodes, "g", [source], [sink], tensors)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=7), str(path))
    return path


def _quant(source: str, scale: str, bits: str, output: str) -> onnx.NodeProto:
    domain, how = "qonnx.custom_op.general", {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}
    return helper.make_node("Quant", [source, scale, "zero", bits], [output], domain=domain, **how)


@pytest.fixture
def qonnx(tmp_path: Path) -> Path:
    rng = np.random.default_rng(6)
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"], axis=1),
        _quant("flat", "in_scale", "in_bits", "codes"),
        _quant("w0", "w_scale", "bits", "weights0"),
        helper.make_node("MatMul", ["codes", "weights0"], ["sums0"]),
        helper.make_node("Mul", ["sums0", "factor"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["shifted"]),
        _quant("shifted", "scale", "bits", "hidden"),
        _quant("w1", "w_scale", "bits", "weights1"),
        helper.make_node("MatMul", ["hidden", "weights1"], ["scores"]),
    ]
    constants = {
        "zero": 0,
        "in_scale": 0.031,
        "in_bits": 6,
        "scale": 0.37,
        "w_scale": 0.21,
        "bits": 3,
        "w0": rng.normal(0, 0.5, (8, 16)),
        "w1": rng.normal(0, 0.5, (16, 3)),
        "factor": rng.uniform(0.3, 1.7, 16),
        "shift": rng.normal(0, 0.3, 16),
    }
    return _save(tmp_path / "q.onnx", nodes, constants, 3, 11)


def test_qonnx_becomes_every_variant_with_the_same_labels(qonnx: Path) -> None:
    imported = import_model(qonnx, settings=GraphSettings(16, tensorrt="8.2"))
    assert (imported.kind, imported.vectors.kind, imported.left_out) == ("qonnx", "random", {})
    opsets = {name: opset_of(graph) for name, graph in imported.graphs.items()}
    assert opsets == {"lowered": 13, "fp32": 16, "qcdq": 16, "fp16": 16, "tensorrt": 13}
    assert len(np.unique(imported.reference.argmax(axis=1))) > 1
    for name, proof in prove_import(imported).items():
        # Steps that are no powers of two are rounded in float16.
        assert proof.compared == 1000 and proof.differing <= (10 if name == "fp16" else 0), name


@pytest.mark.parametrize("operator", ["ArgMax", "TopK", "Softmax"])
def test_the_tail_of_a_qonnx_model_is_that_of_every_variant(operator: str, qonnx: Path) -> None:
    """Labels, or probabilities, are compared as the model gives them."""
    model = onnx.load(str(qonnx))
    scores = model.graph.output[0]
    tails = {
        "ArgMax": helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=1),
        "TopK": helper.make_node("TopK", ["scores", "k"], ["best", "label"], axis=-1),
        "Softmax": helper.make_node("Softmax", ["scores"], ["label"], axis=1),
    }
    model.graph.node.append(tails[operator])
    model.graph.initializer.append(numpy_helper.from_array(np.array([1], np.int64), "k"))
    soft = operator == "Softmax"
    kind = TensorProto.FLOAT if soft else TensorProto.INT64
    scores.CopyFrom(helper.make_tensor_value_info("label", kind, [1, 3 if soft else 1]))
    onnx.save(model, str(qonnx))
    imported = import_model(qonnx)
    assert set(imported.graphs) == {"lowered", "fp32", "qcdq", "fp16", "tensorrt"}, imported.left_out
    assert imported.reference.shape == (1000, 3 if soft else 1)
    assert len(np.unique(imported.reference.reshape(1000, -1).argmax(axis=1) if soft else imported.reference)) > 1
    assert imported.integers is not None and imported.integers.shape == imported.reference.shape
    apart = int((imported.integers != imported.reference).sum())
    assert soft or f"to {apart} of 1,000 vectors the label is decided by float32 rounding" in " ".join(imported.notices)
    allowed = {"lowered": 0, "fp16": 50}
    for name, proof in prove_import(imported).items():
        # Of equal scores, rounding decides in the model; whole numbers take the first. Float16 rounds more.
        assert proof.compared == 1000 and proof.differing <= allowed.get(name, 0 if soft else 25), (
            name,
            proof.differing,
        )


def test_the_batch_is_opened_unless_one_is_asked_for(qonnx: Path) -> None:
    for name, graph in import_model(qonnx).graphs.items():
        assert open_session(graph).get_inputs()[0].shape == ["rows", 1, 2, 4], name
    for name, graph in import_model(qonnx, settings=GraphSettings(batch=1)).graphs.items():
        assert open_session(graph).get_inputs()[0].shape == [1, 1, 2, 4], name


def test_what_does_not_streamline_is_left_out_with_a_reason(tmp_path: Path) -> None:
    nodes = [helper.make_node("Flatten", ["image"], ["flat"], axis=1), _quant("flat", "scale", "bits", "codes")]
    nodes.append(_quant("flat", "coarse", "bits", "others"))
    nodes.append(helper.make_node("Mul", ["codes", "others"], ["scores"]))
    constants = {"zero": 0, "scale": 0.1, "coarse": 0.7, "bits": 4}
    imported = import_model(_save(tmp_path / "s.onnx", nodes, constants, 8, 13))
    assert set(imported.graphs) == {"lowered"}
    assert "Mul" in imported.left_out["qcdq"]
    assert prove_import(imported)["lowered"].exact


def _float(folder: Path, opset: int) -> Path:
    nodes = [helper.make_node("Flatten", ["image"], ["flat"], axis=1)]
    nodes.append(helper.make_node("MatMul", ["flat", "w"], ["scores"]))
    return _save(folder / "f.onnx", nodes, {"w": np.random.default_rng(2).normal(0, 1, (8, 3))}, 3, opset)


def _byte_product(folder: Path, refused: bool = False) -> Path:
    """A model as ONNX Runtime's QOperator format leaves it; or with a product that the reader refuses."""
    tensors = {
        "xs": np.float32(0.02),
        "xz": np.uint8(128),
        "w": np.random.default_rng(0).integers(0, 255, (16, 5)).astype(np.uint8),
        "ws": np.float32(0.01),
        "wz": np.uint8(128),
        "ys": np.float32(0.1),
        "yz": np.uint8(128),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "xs", "xz"], ["xq"]),
        helper.make_node("QLinearMatMul", ["xq", "xs", "xz", "w", "ws", "wz", "ys", "yz"], ["yq"]),
        helper.make_node("DequantizeLinear", ["yq", "ys", "yz"], ["y"]),
    ]
    if refused:
        nodes[1] = helper.make_node("MatMulInteger", ["xq", "w", "xz", "wz"], ["sums"])
        nodes.insert(2, helper.make_node("Cast", ["sums"], ["real"], to=TensorProto.FLOAT))
        nodes.insert(3, helper.make_node("QuantizeLinear", ["real", "ys", "yz"], ["yq"]))
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 16])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5])
    constants = [numpy_helper.from_array(np.asarray(values), name) for name, values in tensors.items()]
    graph = helper.make_graph(nodes, "g", [source], [sink], constants)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), str(folder / "b.onnx")
    )
    return folder / "b.onnx"


def test_a_quantised_file_becomes_every_variant_and_stays_one_itself(tmp_path: Path) -> None:
    imported = import_model(_byte_product(tmp_path))
    assert (imported.reference_name, imported.left_out) == ("ONNX Runtime's integer kernels", {})
    assert list(imported.graphs) == ["fp32", "qcdq", "fp16", "tensorrt", "qdq"]
    proofs = prove_import(imported)
    assert proofs["qdq"].options.entries == (NO_SATURATION,)
    for name in ("fp32", "qcdq", "tensorrt", "qdq"):
        assert (proofs[name].compared, proofs[name].equal) == (1000, 1000), name


def test_what_the_reader_refuses_runs_as_it_is_and_the_reason_is_said(tmp_path: Path) -> None:
    imported = import_model(_byte_product(tmp_path, refused=True))
    assert set(imported.graphs) == {"qdq"} and imported.integers is None
    assert imported.notices[0].startswith("it cannot be read as integers, so it runs as it is: MatMulInteger")
    assert set(imported.left_out) == {"fp32", "fp16", "tensorrt"} and all(imported.left_out.values())
    assert prove_import(imported)["qdq"].exact


def _residual(folder: Path, dtype: str) -> Path:
    m = Made(dtype, seed=2)
    x = m.quantised(m.input(4, 6, 5), scale=0.05, zero=7)
    y = m.quantised(m.conv(x, 0.05, (4, 4, 3, 3), pads=[1, 1, 1, 1]), scale=0.3, zero=11)
    path = folder / f"{dtype}.onnx"
    onnx.save(m.model(m.quantised(m.node("Add", [y, x]), scale=0.27, zero=3)), str(path))
    return path


@pytest.mark.parametrize(("dtype", "entry"), [("int8", INT8_STAYS), ("uint8", NO_SATURATION)])
def test_a_file_answers_as_its_integer_kernels_with_the_entry_that_it_needs(
    dtype: str, entry: str, tmp_path: Path
) -> None:
    proofs = prove_import(import_model(_residual(tmp_path, dtype)))
    assert proofs["qdq"].exact and proofs["qdq"].options.entries == (entry,)
    assert proofs["fp32"].exact and proofs["qcdq"].exact


def test_a_sum_that_arm_rounds_otherwise_leaves_the_file_out_there(tmp_path: Path) -> None:
    imported = import_model(_residual(tmp_path, "int8"), settings=GraphSettings(machine="aarch64"))
    assert "qdq" not in imported.graphs and "QLinearAdd" in imported.left_out["qdq"]
    assert "qdq" in import_model(_byte_product(tmp_path), settings=GraphSettings(machine="aarch64")).graphs


def test_float_onnx_with_and_without_calibration(tmp_path: Path) -> None:
    path, rng = _float(tmp_path, 19), np.random.default_rng(8)
    without = import_model(path)
    assert set(without.graphs) == {"fp32", "fp16"} and "CALIBRATION" in without.left_out["int8"]
    assert opset_of(without.graphs["fp32"]) == 17
    x = rng.normal(0, 1, (200, 8)).astype(np.float32)
    y = (x @ numpy_helper.to_array(onnx.load(str(path)).graph.initializer[0])).argmax(axis=1)
    np.savez(tmp_path / "c.npz", x=x, y=y)
    imported = import_model(path, tmp_path / "c.npz")
    assert set(imported.graphs) == {"fp32", "fp16", "int8", "tensorrt"} and imported.left_out == {}
    assert imported.accuracy(imported.reference) == 1.0
    proofs = prove_import(imported)
    assert proofs["fp32"].differing == 0 and proofs["int8"].labels_equal > 180


def test_calibration_of_the_wrong_shape(tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", x=np.zeros((5, 3), np.float32))
    with pytest.raises(DataError, match=r"x has shape \(5, 3\); the model takes \(N, 1, 2, 4\)"):
        import_model(_float(tmp_path, 17), tmp_path / "c.npz")


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = _float(tmp_path, 17)
    model = onnx.load(str(path))
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.STRING
    onnx.save(model, str(path))
    with pytest.raises(ModelError, match=r"f\.onnx: "):
        import_model(path)
