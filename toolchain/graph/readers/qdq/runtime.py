"""Small models in ONNX Runtime: without optimisation, on one thread, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper

from toolchain.errors import ModelError
from toolchain.graph.opsets import IR_VERSIONS
from toolchain.graph.refusals import in_our_words

MICROSOFT = "com.microsoft"
_LEAST_OPSET = 13


def session_of(model: onnx.ModelProto) -> ort.InferenceSession:
    """A session that computes what the model says, operator by operator.

    Raises:
        ModelError: ONNX Runtime does not take it.
    """
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # The binding raises a class of its own for every status.
        raise ModelError(f"ONNX Runtime does not take it: {in_our_words(error)}") from error


def run_nodes(
    nodes: Sequence[NodeProto], feeds: Mapping[str, NDArray[Any]], output: str, opset: int
) -> NDArray[np.generic]:
    """One tensor that nodes make of others.

    Raises:
        ModelError: the nodes do not run.
    """
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(values.dtype), values.shape)
        for name, values in feeds.items()
    ]
    result = helper.make_empty_tensor_value_info(output)
    graph = helper.make_graph(list(nodes), "part", inputs, [result])
    session = session_of(model_of(graph, opset))
    try:
        found: NDArray[np.generic] = session.run([output], dict(feeds))[0]
    except Exception as error:  # As above.
        raise ModelError(f"node {nodes[-1].name or nodes[-1].op_type} does not run: {in_our_words(error)}") from error
    return found


def model_of(graph: onnx.GraphProto, opset: int) -> onnx.ModelProto:
    """A model of plain operators of that opset, and ONNX Runtime's own."""
    opset = max(opset, _LEAST_OPSET)
    sets = [helper.make_opsetid("", opset), helper.make_opsetid(MICROSOFT, 1)]
    version = IR_VERSIONS.get(opset, max(IR_VERSIONS.values()))
    return helper.make_model(graph, opset_imports=sets, ir_version=version)


def tensor_type(dtype: np.dtype[Any]) -> int:
    """ONNX's number of an 8-bit dtype."""
    return int({"int8": TensorProto.INT8, "uint8": TensorProto.UINT8}[dtype.name])
