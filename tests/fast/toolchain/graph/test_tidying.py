"""A tidy model is the one that qonnx's own clean-up makes, node by node and number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.util.cleanup import cleanup_model

from tests.fast.toolchain.graph.readers.qonnx.models import SHARED, Model
from tests.fast.toolchain.graph.small_models import DOMAIN
from toolchain.errors import ModelError
from toolchain.graph.folding import fold_constants
from toolchain.graph.qonnx_nodes import normalised
from toolchain.graph.tidying import tidied


def parts(model: onnx.ModelProto) -> dict[str, Any]:
    """What a model says, whatever order its tensors are listed in."""
    graph = model.graph
    shapes = {v.name: v.type.tensor_type for v in (*graph.input, *graph.output, *graph.value_info)}
    said = {a.tensor_name: [e.value for e in a.quant_parameter_tensor_names] for a in graph.quantization_annotation}
    return {
        "nodes": [node.SerializeToString(deterministic=True) for node in graph.node],
        "ends": [v.name for v in (*graph.input, *graph.output)],
        "constants": {t.name: numpy_helper.to_array(t).tolist() for t in graph.initializer},
        "shapes": {name: (t.elem_type, [d.dim_value for d in t.shape.dim]) for name, t in shapes.items()},
        # qonnx notes FLOAT32 beside copies that it makes.
        "types": {name: values for name, values in said.items() if values != ["FLOAT32"]},
    }


def some() -> Model:
    """Constants behind nodes, one scale for two quantisers, a weight behind a transposition, a shape as a constant."""
    model = Model()
    x = model.input("x", (6, 2), "UINT4")
    model.constants["scale"] = np.float32(0.5)
    rows = model.apply("Shape", [x])
    flat = model.apply(
        "Reshape", [x, model.apply("Concat", [model.apply("Slice", [rows, *ONE]), np.array([12])], axis=0)]
    )
    weights = model.apply("Transpose", [model.quant(model.constant(model.rng.normal(0, 1, (5, 12))), 3, "scale")])
    y = model.quant(str(model.apply("MatMul", [str(flat), weights])), 3, "scale")
    shift = model.apply("Mul", [model.constant(model.rng.normal(0, 1, 5)), 2.0])
    model.apply("Add", [str(shift), y])
    return model


ONE = [np.array([0]), np.array([1])]


def raw(model: Model, output: str) -> onnx.ModelProto:
    return normalised(model.raw(output))


def test_qonnx_tidies_it_so() -> None:
    model = some()
    given = raw(model, model.nodes[-1].output[0])
    copy = onnx.ModelProto()
    copy.CopyFrom(given)
    assert parts(tidied(given).model) == parts(cleanup_model(ModelWrapper(copy)).model)


@pytest.mark.parametrize("name", ["nn2fpga/resnet8_a8w8b16", "qonnx-model-zoo/TFC_1W2A", "qonnx/mnist-conv"])
def test_qonnx_tidies_files_so(name: str) -> None:
    path = SHARED / f"{name}.onnx"
    if not path.is_file():
        pytest.skip(f"{path} is absent: third-party test models are not part of the tree")
    given = onnx.load(str(path))
    assert parts(tidied(normalised(given)).model) == parts(cleanup_model(ModelWrapper(normalised(given))).model)


def test_a_node_may_take_a_tensor_twice() -> None:
    model = Model()
    x = model.input("x", (4,))
    wrapper = tidied(raw(model, str(model.apply("Mul", [x, x]))))
    given = np.arange(4, dtype=np.float32)[None]
    assert execute_onnx(wrapper, {"global_in": given})["global_out"].tolist() == (given**2).tolist()


def test_all_outputs_of_a_constant_node_are_constants() -> None:
    model = Model()
    first, second = model.apply("Split", [np.arange(4.0)], outputs=2, axis=0)
    total = model.apply("Add", [model.apply("Mul", [model.input("x", (2,)), first]), second])
    given = raw(model, str(total))
    assert fold_constants(given)
    assert [n.op_type for n in given.graph.node] == ["Mul", "Add"]
    assert {t.name for t in given.graph.initializer} >= {first, second}
    assert not fold_constants(given)


def test_quantisers_of_constants_stay_where_they_are_to() -> None:
    model = Model()
    weights = model.weights((3, 3))
    y = model.apply("MatMul", [model.input("x", (3,)), weights])
    assert not fold_constants(raw(model, str(y)), {"Quant"})
    assert fold_constants(raw(model, str(y)))


def test_a_constant_that_cannot_be_is_refused_by_name() -> None:
    tensors = [numpy_helper.from_array(np.zeros(n, np.float32), name) for n, name in ((2, "a"), (3, "b"))]
    nodes = [helper.make_node("Add", ["a", "b"], ["c"], name="wrong"), helper.make_node("Relu", ["c"], ["y"])]
    ends = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    model = helper.make_model(helper.make_graph(nodes, "g", [], ends, tensors), opset_imports=opsets)
    with pytest.raises(ModelError, match=r"node wrong \(Add\): does not run"):
        fold_constants(model)
