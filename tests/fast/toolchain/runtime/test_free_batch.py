"""A first axis that is no batch is noticed: rows together are held against rows one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.results.options import RunOptions
from toolchain.runtime import third_party
from toolchain.runtime.free_batch import fix_sizes, free_batch, one_input
from toolchain.runtime.prove_third_party import prove_import
from toolchain.runtime.session import open_session, run_session
from toolchain.runtime.third_party import import_model

BARE = RunOptions("none")


@pytest.fixture(autouse=True)
def _in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(third_party, "load_untrusted", lambda path: onnx.load(str(path)))


def _model(
    nodes: list[onnx.NodeProto], source: list[int | str], sink: list[int | str], **weights: object
) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(np.asarray(values), name) for name, values in weights.items()]
    sides = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", source), ("y", sink))]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def recurrent(steps: int | str) -> onnx.ModelProto:
    """PyTorch's way: the first axis is time."""
    rng = np.random.default_rng(0)
    weights = {"w": rng.normal(0, 0.4, (1, 24, 10)), "r": rng.normal(0, 0.4, (1, 24, 6))}
    nodes = [
        helper.make_node("LSTM", ["x", "w", "r"], ["all", "", ""], hidden_size=6),
        helper.make_node("Squeeze", ["all", "one"], ["y"]),
    ]
    constants = {name: values.astype(np.float32) for name, values in weights.items()}
    return _model(nodes, [steps, 1, 10], [steps, 1, 6], **constants, one=np.array([1], np.int64))


def influenced(rows: int | str) -> onnx.ModelProto:
    """Outputs of about 1e-6, each with something of the other rows."""
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["most"], axes=[0], keepdims=1),
        helper.make_node("Add", ["x", "most"], ["sum"]),
        helper.make_node("MatMul", ["sum", "w"], ["y"]),
    ]
    weights = np.random.default_rng(1).normal(0, 1e-7, (10, 4)).astype(np.float32)
    return _model(nodes, [rows, 10], [rows, 4], w=weights)


def shape_of(model: onnx.ModelProto) -> list[int | str]:
    shape: list[int | str] = open_session(model).get_inputs()[0].shape
    return shape


def test_small_outputs_are_not_swallowed() -> None:
    assert shape_of(free_batch(influenced(1))) == [1, 10]


def test_rows_that_stand_apart_are_given_together() -> None:
    apart = _model([helper.make_node("Softmax", ["x"], ["y"])], [1, 10], [1, 10])
    assert shape_of(free_batch(apart)) == ["rows", 10]


@pytest.mark.parametrize("model", [recurrent("T"), influenced("n")])
def test_an_open_axis_that_is_no_batch_is_fixed_and_proved_one_by_one(model: onnx.ModelProto, tmp_path: Path) -> None:
    onnx.save(model, str(tmp_path / "m.onnx"))
    imported = import_model(tmp_path / "m.onnx")
    assert shape_of(imported.graphs["fp32"])[0] == 1
    assert "answered otherwise than one by one" in imported.notices[0]
    alone = np.concatenate([run_session(open_session(model, BARE), row[None]) for row in imported.vectors.x[:20]])
    assert np.array_equal(imported.reference[:20], alone)
    proof = prove_import(imported)["fp32"]
    assert proof.near == proof.compared == 1000 and proof.batches == (1,)


def test_a_fixed_axis_that_is_no_batch_becomes_one_input(tmp_path: Path) -> None:
    onnx.save(recurrent(16), str(tmp_path / "m.onnx"))
    imported = import_model(tmp_path / "m.onnx")
    assert shape_of(imported.graphs["fp32"]) == [1, 16, 1, 10]
    assert imported.vectors.x.shape[1:] == (16, 1, 10) and imported.reference.shape[1:] == (16, 1, 6)
    whole = run_session(open_session(recurrent(16), BARE), imported.vectors.x[3])
    assert np.array_equal(imported.reference[3], whole)
    assert prove_import(imported)["fp32"].near == 1000


def test_an_axis_that_goes_away_becomes_one_input_too() -> None:
    nodes = [helper.make_node("ReduceMean", ["x"], ["y"], axes=[0], keepdims=0)]
    model, notice = one_input(_model(nodes, [8, 5], [5]))
    x = np.arange(80, dtype=np.float32).reshape(2, 8, 5)
    assert shape_of(model) == [1, 8, 5] and "is no batch" in notice
    assert np.allclose(run_session(open_session(model, BARE), x), x.mean(axis=1))


def test_a_fixed_batch_of_rows_that_stand_apart_stays() -> None:
    given = _model([helper.make_node("Softmax", ["x"], ["y"])], [4, 10], [4, 10])
    assert one_input(given) == (given, "")


def test_other_open_sizes_are_fixed_and_told(tmp_path: Path) -> None:
    onnx.save(_model([helper.make_node("Relu", ["x"], ["y"])], ["n", "t", 3], ["n", "t", 3]), str(tmp_path / "m.onnx"))
    imported = import_model(tmp_path / "m.onnx")
    assert shape_of(imported.graphs["fp32"]) == ["n", 1, 3]
    assert "open size at axis 1 is fixed at 1" in imported.notices[0]


def test_constants_among_the_inputs_are_not_the_input() -> None:
    model = influenced("n")
    model.graph.input.insert(0, helper.make_tensor_value_info("w", TensorProto.FLOAT, [10, 4]))
    assert [value.name for value in fix_sizes(model, 0).graph.input] == ["w", "x"]
    assert shape_of(fix_sizes(model, 0)) == [1, 10]


def _qonnx(rows: int, *nodes: onnx.NodeProto, **weights: object) -> onnx.ModelProto:
    """A quantiser from x to q, and what follows to y."""
    domain, how = "qonnx.custom_op.general", {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}
    quantiser = helper.make_node("Quant", ["x", "scale", "zero", "bits"], ["q"], domain=domain, **how)
    scalars = {name: np.float32(value) for name, value in (("scale", 0.1), ("zero", 0), ("bits", 8))}
    model = _model([quantiser, *nodes], [rows, 4], [rows, 4], **scalars, **weights)
    model.opset_import.append(helper.make_opsetid(domain, 1))
    return model


def test_a_qonnx_model_whose_rows_depend_on_one_another_is_answered_row_by_row(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ReduceMax", ["q"], ["most"], axes=[0], keepdims=1),
        helper.make_node("Add", ["q", "most"], ["y"]),
    ]
    onnx.save(_qonnx(1, *nodes), str(tmp_path / "m.onnx"))
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(2).normal(size=(40, 4)).astype(np.float32))
    imported = import_model(tmp_path / "m.onnx", tmp_path / "x.npz")
    steps = np.rint(imported.vectors.x / np.float32(0.1)).clip(-128, 127)
    assert np.allclose(imported.reference, 0.2 * steps, atol=1e-6)
    assert shape_of(imported.graphs["lowered"]) == [1, 4]
    assert prove_import(imported)["lowered"].near == 40


def test_a_qonnx_model_of_a_fixed_axis_that_is_no_batch_is_refused(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    onnx.save(_qonnx(4, helper.make_node("MatMul", ["w", "q"], ["y"]), w=weights), str(tmp_path / "m.onnx"))
    with pytest.raises(ModelError, match=r"the first axis of its input \(4\) is no batch"):
        import_model(tmp_path / "m.onnx")
