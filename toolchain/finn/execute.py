"""FINN's own execution of the hardware graph in Python, whole batches at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.errors import ToolError
from toolchain.finn.adapter import aloud, enter
from toolchain.finn.faults import step
from toolchain.finn.parallelism import PRODUCT, THRESHOLDS, WINDOWS
from toolchain.graph.types import Integers
from toolchain.progress import Progress

BATCH = 4096
"""Vectors executed at once, where they are small."""

# Elements of the widest tensor of a batch.
_MOST_ELEMENTS = 2**24


def run_python(
    model: Path, x: NDArray[np.generic], work_dir: Path, progress: Progress = lambda phrase: None
) -> Integers:
    """What a mapped model answers, shape (N, outputs), to integer inputs, shape (N, inputs).

    The nodes are those of `model` (what `map_network` wrote), each executed by FINN's class for it; only the batch is
    wider than in the file.

    Raises:
        ToolError: FINN failed.
    """
    progress = aloud(progress)
    with enter(work_dir) as finn:
        execute = finn.get("core.onnx_exec", "execute_onnx")
        wide = _rebatched(ModelWrapper(str(model)), len(x))
        source, sink = wide.graph.input[0].name, wide.graph.output[0].name
        rows, *shape = wide.get_tensor_shape(source)
        parts = []
        with step("execution in Python", finn.log, progress, kind=ToolError, mend="this is a fault of the build"):
            for start in range(0, len(x), rows):
                part = np.asarray(x[start : start + rows])
                values = np.zeros((rows, *shape), np.float32)
                values[: len(part)] = part.reshape(-1, *shape)
                result = execute(wide, {source: values})[sink]
                parts.append(np.rint(result[: len(part)]).astype(np.int64).reshape(len(part), -1))
                progress(f"{min(start + rows, len(x)):,} of {len(x):,} vectors")
    return np.concatenate(parts) if parts else np.zeros((0, int(np.prod(wide.get_tensor_shape(sink)[1:]))), np.int64)


def _rebatched(model: ModelWrapper, vectors: int) -> ModelWrapper:
    """The model for batches of up to so many vectors, set to execute in Python."""
    tensors = [*model.graph.input, *model.graph.output, *model.graph.value_info]
    constants = {i.name for i in model.graph.initializer}
    tensors = [tensor for tensor in tensors if tensor.name not in constants]
    widest = max(int(np.prod(model.get_tensor_shape(tensor.name))) for tensor in tensors)
    # qonnx makes windows of one image at a time.
    windows = any(node.op_type == WINDOWS for node in model.graph.node)
    rows = 1 if windows else max(1, min(BATCH, vectors, _MOST_ELEMENTS // widest))
    for node in model.graph.node:
        operator = getCustomOp(node)
        operator.set_nodeattr("exec_mode", "cppsim")
        if node.op_type in (PRODUCT, THRESHOLDS):
            operator.set_nodeattr("numInputVectors", [rows, *operator.get_nodeattr("numInputVectors")[1:]])
    for tensor in tensors:
        tensor.type.tensor_type.shape.dim[0].dim_value = rows
    return model
