"""What cannot be read is refused by name, all of it at once, with what would help; in bounded time."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper

from tests.fast.toolchain.graph.readers.qonnx.models import Model
from tests.fast.toolchain.graph.small_models import CHAIN, node, quant, raw
from toolchain.errors import ModelError
from toolchain.graph.readers.qonnx.checks import RefusalError, ordered
from toolchain.graph.readers.qonnx.read import read_qonnx


def row(bits: int = 4) -> tuple[Model, str]:
    model = Model()
    return model, model.quant(model.input("x", (6,)), bits)


def refused(model: ModelWrapper, *words: str) -> None:
    with pytest.raises(ModelError) as error:
        read_qonnx(model)
    for word in words:
        assert word in str(error.value)


def test_every_reason_is_named_at_once() -> None:
    model, x = row()
    between = model.apply("Tanh", [str(model.apply("MatMul", [x, model.weights((6, 5))]))])
    first = model.apply("MatMul", [between, model.weights((5, 3))])
    second = model.apply("Det", [model.quant(model.input("b", (3, 3)))])
    with pytest.raises(RefusalError) as error:
        read_qonnx(model.made(str(first), str(second)))
    assert len(error.value.reasons) == 2
    for operator in ("(MatMul)", "(Det)"):
        assert any(operator in reason for reason in error.value.reasons)


def test_missing_quantiser_names_tensor_and_layer() -> None:
    model, x = row()
    between = model.apply("Tanh", [str(model.apply("MatMul", [x, model.weights((6, 5))]))])
    refused(
        model.made(str(model.apply("MatMul", [between, model.weights((5, 3))]))),
        "node MatMul_1 (MatMul): takes 'Tanh_0_out0', which is not quantised; put a Quant between",
    )


def test_float_model() -> None:
    model = Model()
    model.apply("MatMul", [model.input("x", (6,)), model.rng.normal(0, 1, (6, 3))])
    refused(model.made("matmul0_0"), "not quantised; put a Quant or BipolarQuant")


def test_function_of_floats_alone() -> None:
    model = Model()
    refused(
        model.made(str(model.apply("Relu", [model.input("x", (6,))]))), "comes from no integers", "quantise its input"
    )


def test_weights_that_are_no_multiples() -> None:
    model, x = row()
    weights = model.rng.normal(0, 1, (6, 3))
    refused(model.made(str(model.apply("MatMul", [x, weights]))), "no whole multiples; quantise them")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"bits": 1.5}, "a width of 1.5 bits"),
        ({"bits": 40}, "a width of 40 bits"),
        ({"bits": 20}, "65,536 at most"),
        ({"scale": 0.0}, "its scale is 0"),
        ({"scale": np.nan}, "its scale is nan"),
        ({"scale": np.inf}, "its scale is inf"),
        ({"rounding_mode": "SOMEHOW"}, "unknown rounding mode"),
    ],
)
def test_quantisers(said: dict[str, Any], words: str) -> None:
    model, x = row()
    refused(model.made(model.quant(str(model.apply("MatMul", [x, model.weights((6, 5))])), **said)), words)


def test_zero_point_that_is_no_whole_number() -> None:
    model, x = row()
    told = {"domain": "qonnx.custom_op.general", "narrow": 0, "rounding_mode": "ROUND", "signed": 1}
    refused(model.made(str(model.apply("Quant", [x, 0.5, 0.5, 4.0], **told))), "zero point 0.5; one whole number")


def test_accumulators_that_are_too_wide() -> None:
    model, x = row(16)
    a = model.apply("MatMul", [x, model.weights((6, 5), 12, 0.001)])
    refused(model.made(model.quant(str(model.apply("Tanh", [a])))), "too many for a function that is not known to rise")


def test_units_that_differ_within_one_output() -> None:
    model, x = row()
    y = model.quant(x, 4, np.array([0.31, 0.47, 0.73, 0.11, 0.93, 0.5]))
    refused(model.made(str(model.apply("MatMul", [y, model.weights((6, 3))]))), "use one scale for all channels")


@pytest.mark.parametrize(
    ("operator", "said", "words"),
    [
        ("AveragePool", {"kernel_shape": [2, 2], "pads": [1, 1, 1, 1]}, "count_include_pad"),
        ("MaxPool", {"kernel_shape": [2]}, "kernel [2]"),
        ("MaxPool", {"kernel_shape": [9, 9]}, "does not fit"),
        ("Conv", {"kernel_shape": [3, 3], "strides": [0, 1]}, "strides [0, 1]"),
        ("Transpose", {"perm": [1, 0, 2, 3]}, "the batch must stay the first"),
    ],
)
def test_windows_and_moves(operator: str, said: dict[str, Any], words: str) -> None:
    model = Model()
    x = model.quant(model.input("x", (3, 5, 5)))
    inputs = [x, model.weights((2, 3, 3, 3))] if operator == "Conv" else [x]
    made = model.apply(operator, inputs, **said)
    wrapper = untidied(model, str(made))
    refused(wrapper, words)


def untidied(model: Model, output: str) -> ModelWrapper:
    """Without qonnx's clean-up, which fails on shapes that are none."""
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, *s]) for n, (s, _) in model.inputs.items()]
    tensors = [onnx.numpy_helper.from_array(v, n) for n, v in model.constants.items()]
    graph = helper.make_graph(
        model.nodes, "g", value, [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)], tensors
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("qonnx.custom_op.general", 1)]
    wrapper = ModelWrapper(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    for made in model.nodes:
        if made.op_type == "Quant":
            source = made.input[0]
            shape = next((s for n, (s, _) in model.inputs.items() if n == source), None)
            shape = (1, *shape) if shape else model.constants[source].shape
            wrapper.set_tensor_shape(made.output[0], list(shape))
    return wrapper


def test_product_of_two_tensors() -> None:
    model = Model()
    a, b = (model.quant(model.input(n, (4, 4))) for n in "ab")
    refused(
        model.made(str(model.apply("MatMul", [a, b]))), "a product of two tensors; only products with constant weights"
    )


def test_product_of_two_elements() -> None:
    model = Model()
    a, b = (model.quant(model.input(n, (4,))) for n in "ab")
    refused(model.made(str(model.apply("Mul", [a, b]))), "sums and differences of two tensors are supported")


def test_more_behind_the_end() -> None:
    model, x = row()
    end = model.apply("Softmax", [str(model.apply("MatMul", [x, model.weights((6, 3))]))])
    refused(model.made(model.quant(str(end))), "follows the network's end")


def test_dynamic_shapes_beside_the_batch() -> None:
    model = raw(CHAIN)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "K"
    refused(ModelWrapper(model), "of fixed sizes")


def broken(nodes: list[NodeProto]) -> onnx.GraphProto:
    return raw(nodes, output="l").graph


def test_circle() -> None:
    nodes = [node("Add", ["x", "l"], "a"), quant("a", "l")]
    with pytest.raises(RefusalError, match=r"node a \(Add\): takes, by way of others, its own output"):
        ordered(broken(nodes))


def test_dangling_wire() -> None:
    with pytest.raises(RefusalError, match=r"node l \(Relu\): takes 'nowhere', which nothing makes"):
        ordered(broken([node("Relu", ["nowhere"], "l")]))


def test_two_producers() -> None:
    with pytest.raises(RefusalError, match=r"tensor 'l' is made 2 times"):
        ordered(broken([node("Relu", ["x"], "l"), node("Tanh", ["x"], "l")]))


def test_graph_within_a_node() -> None:
    inner = helper.make_graph([], "inner", [], [])
    with pytest.raises(RefusalError, match="holds a graph of its own"):
        ordered(broken([node("If", ["x"], "l", then_branch=inner, else_branch=inner)]))


def test_nodes_in_any_order() -> None:
    assert [n.op_type for n in ordered(broken([*reversed(CHAIN)]))] == ["MatMul", "Quant", "MatMul"]


def test_window_of_hostile_size() -> None:
    model = Model()
    x = model.quant(model.input("x", (3, 5, 5)))
    made = model.apply("MaxPool", [x], kernel_shape=[2, 2], pads=[2**30, 0, 0, 0])
    refused(untidied(model, str(made)), "pads")
