"""The range of a model's input: its type's, as annotated, its quantiser's, or that of the table it picks from."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.fast.toolchain.runtime.networks import graphs_of, network
from toolchain.errors import ModelError
from toolchain.runtime.span import UNIT, Span, annotated_span, input_span


def _cast(kind: int, annotated: str = "") -> onnx.ModelProto:
    source = helper.make_tensor_value_info("x", kind, ["n", 4])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])
    node = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)
    model = helper.make_model(helper.make_graph([node], "g", [source], [sink]))
    if annotated:
        entry = onnx.StringStringEntryProto(key="finn_datatype", value=annotated)
        model.graph.quantization_annotation.append(
            onnx.TensorAnnotation(tensor_name="x", quant_parameter_tensor_names=[entry])
        )
    return model


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (TensorProto.UINT8, 0, 255),
        (TensorProto.INT8, -128, 127),
        (TensorProto.UINT16, 0, 65535),
        (TensorProto.INT16, -32768, 32767),
        (TensorProto.INT32, -32768, 32767),
        (TensorProto.INT64, -32768, 32767),
        (TensorProto.BOOL, 0, 1),
    ],
)
def test_integers_take_the_range_of_their_type(kind: int, low: float, high: float) -> None:
    assert input_span(_cast(kind)) == Span(low, high, 1)


def test_an_annotation_is_narrower_than_the_type() -> None:
    assert input_span(_cast(TensorProto.UINT8, "UINT4")) == Span(0, 15, 1)
    assert input_span(_cast(TensorProto.FLOAT, "BIPOLAR")) == Span(-1, 1, 2)
    assert input_span(_cast(TensorProto.FLOAT, "FLOAT32")) == UNIT


def test_fixed_point_and_wide_annotations() -> None:
    assert annotated_span("FIXED<8,4>") == Span(-8, 7.9375, 0.0625)
    assert annotated_span("INT32") == Span(-32768, 32767, 1)


def test_an_annotation_that_is_no_type() -> None:
    with pytest.raises(ModelError, match="annotated as 'INT0X'"):
        input_span(_cast(TensorProto.FLOAT, "INT0X"))


def test_indices_stay_within_their_table() -> None:
    table = numpy_helper.from_array(np.zeros((10, 3), np.float32), "table")
    nodes = [helper.make_node("Squeeze", ["x"], ["i"]), helper.make_node("Gather", ["table", "i"], ["y"])]
    source = helper.make_tensor_value_info("x", TensorProto.INT64, ["n", 1])
    sink = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])
    assert input_span(helper.make_model(helper.make_graph(nodes, "g", [source], [sink], [table]))) == Span(0, 9, 1)


def test_range_of_a_quantised_input() -> None:
    graphs = graphs_of(network("bytes"))
    assert input_span(graphs["qcdq"]) == Span(0.0, 255.0)
    assert input_span(graphs["fp32"]) == UNIT
