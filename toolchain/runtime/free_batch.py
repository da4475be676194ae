"""Opening the batch of a model that was exported for one row at a time, where its answers stay the same."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from toolchain.errors import ModelError
from toolchain.runtime.builder import ROWS
from toolchain.runtime.golden import input_span, random_vectors
from toolchain.runtime.session import RunOptions, input_type, open_session, run_session

_ROWS = 3


def free_batch(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with an open batch, or the model itself where several rows at once do not give each row's answer."""
    first = model.graph.input[0].type.tensor_type.shape.dim[:1]
    if not first or not first[0].HasField("dim_value") or first[0].dim_value != 1:
        return model
    opened = _open(model)
    try:
        session = open_session(model, RunOptions("none"))
        shape = tuple(session.get_inputs()[0].shape[1:])
        x = random_vectors(shape, input_type(session), input_span(model), _ROWS).x
        apart, together = run_session(session, x), run_session(open_session(opened, RunOptions("none")), x)
    except ModelError:
        return model
    alike = together.shape == apart.shape and np.allclose(together, apart, rtol=1e-4, atol=1e-5)
    return opened if alike else model


def _open(model: onnx.ModelProto) -> onnx.ModelProto:
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for value in (*result.graph.input[:1], *result.graph.output):
        if value.type.tensor_type.shape.dim:
            value.type.tensor_type.shape.dim[0].dim_param = ROWS
    del result.graph.value_info[:]
    targets = {node.input[1] for node in result.graph.node if node.op_type == "Reshape"}
    for tensor in result.graph.initializer:
        if tensor.name in targets:
            shape = numpy_helper.to_array(tensor)
            if len(shape) and shape[0] == 1 and -1 not in shape:
                opened = np.concatenate([[-1], shape[1:]]).astype(np.int64)
                tensor.CopyFrom(numpy_helper.from_array(opened, tensor.name))
    return result
