"""FINN's own execution of the hardware graph in Python, whole batches at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.errors import ModelError, ToolError
from toolchain.finn.adapter import aloud, enter
from toolchain.finn.faults import step
from toolchain.graph.dense import Integers
from toolchain.progress import Progress

BATCH = 4096
"""Vectors executed at once."""

# FINN carries integers in float32.
_EXACT_BITS = 24


def run_python(
    model: Path, x: NDArray[np.generic], work_dir: Path, progress: Progress = lambda phrase: None
) -> Integers:
    """Integer logits, shape (N, classes), of integer inputs, shape (N, inputs).

    The nodes are those of `model` (what `map_network` wrote), each executed by FINN's class for it; only the batch is
    wider than in the file.

    Raises:
        ModelError: the sums of a layer are too wide for FINN's execution to be exact.
        ToolError: FINN failed.
    """
    progress = aloud(progress)
    with enter(work_dir) as finn:
        execute = finn.get("core.onnx_exec", "execute_onnx")
        wide = _rebatched(ModelWrapper(str(model)), min(BATCH, max(1, len(x))))
        source, sink = wide.graph.input[0].name, wide.graph.output[0].name
        rows, inputs = wide.get_tensor_shape(source)
        parts = []
        with step("execution in Python", finn.log, progress, kind=ToolError, mend="this is a fault of the build"):
            for start in range(0, len(x), rows):
                values = np.zeros((rows, inputs), np.float32)
                part = np.asarray(x[start : start + rows])
                values[: len(part)] = part
                result = execute(wide, {source: values})[sink]
                parts.append(np.rint(result[: len(part)]).astype(np.int64))
                progress(f"{min(start + rows, len(x)):,} of {len(x):,} vectors")
    return np.concatenate(parts) if parts else np.zeros((0, wide.get_tensor_shape(sink)[1]), np.int64)


def _rebatched(model: ModelWrapper, rows: int) -> ModelWrapper:
    """The model for batches of `rows`, set to execute in Python."""
    for node in model.graph.node:
        operator = getCustomOp(node)
        if DataType[operator.get_nodeattr("outputDataType")].bitwidth() > _EXACT_BITS:
            raise ModelError(
                f"node {node.name} ({node.op_type}): sums of more than {_EXACT_BITS} bits, which FINN's execution does "
                "not hold exactly; use narrower weights or activations"
            )
        operator.set_nodeattr("exec_mode", "cppsim")
        operator.set_nodeattr("numInputVectors", [rows])
    tensors = [*model.graph.input, *model.graph.output, *model.graph.value_info]
    constants = {i.name for i in model.graph.initializer}
    for tensor in tensors:
        if tensor.name not in constants:
            tensor.type.tensor_type.shape.dim[0].dim_value = rows
    return model
