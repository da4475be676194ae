"""Reading ONNX files into qonnx wrappers, and running them on whole test sets."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_node, execute_onnx
from qonnx.transformation.infer_shapes import InferShapes

from toolchain.errors import ModelError, first_line
from toolchain.graph.limits import check_annotations
from toolchain.graph.qonnx_nodes import normalised
from toolchain.graph.refusals import in_our_words
from toolchain.graph.tidying import tidied

Floats = NDArray[np.float32]

# What protobuf, onnx and qonnx raise on files that are no models, or are not well-formed ones.
_UNUSABLE = (
    DecodeError,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
)

# Rows executed at once: enough to hide the executor's cost per node, small enough for memory.
BATCH = 4096


def load_model(path: Path) -> ModelWrapper:
    """Read an ONNX or QONNX file and tidy it with qonnx's own clean-up.

    Raises:
        ModelError: the file is missing, truncated, or not an ONNX model that qonnx understands.
    """
    try:
        raw = normalised(onnx.load(str(path), load_external_data=False))
        check_annotations(raw)
        return tidied(raw)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; export the model first") from error
    except _UNUSABLE as error:
        raise ModelError(f"{path}: not a usable ONNX model: {type(error).__name__}: {first_line(error)}") from error


def rebatch(model: ModelWrapper, rows: int) -> ModelWrapper:
    """A copy of a fixed-batch model for batches of `rows`; constant Reshape targets follow."""
    model = copy.deepcopy(model)
    shape = model.get_tensor_shape(model.graph.input[0].name)
    for node in model.graph.node:
        if node.op_type == "Reshape":
            target = model.get_initializer(node.input[1])
            if target is not None and len(target) and target[0] == shape[0]:
                model.set_initializer(node.input[1], np.concatenate([[rows], target[1:]]).astype(np.int64))
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = rows
    del model.graph.value_info[:]
    return model.transform(InferShapes())


def run_model(
    model: ModelWrapper,
    x: NDArray[np.generic] | Mapping[str, NDArray[np.generic]],
    keep: tuple[str, ...] = (),
    batch: int = BATCH,
) -> dict[str, Floats]:
    """Execute a model with the qonnx executor.

    Args:
        x: inputs of shape (N, inputs); of a model of several, by their names.

    Returns:
        The (first) output, under the key ``""``, and each tensor named in `keep`, each of shape (N, ...).
    """
    wide = rebatch(model, batch)
    sink = wide.graph.output[0].name
    given = x if isinstance(x, Mapping) else {wide.graph.input[0].name: x}
    shapes = {name: wide.get_tensor_shape(name) for name in given}
    parts: dict[str, list[Floats]] = {name: [] for name in ("", *keep)}
    for blocks in zip(*(_padded(values, batch) for values in given.values()), strict=True):
        feeds = {name: rows.reshape(shapes[name]) for name, (rows, _) in zip(given, blocks, strict=True)}
        context = execute_onnx(wide, feeds, return_full_exec_context=bool(keep))
        for name, values in parts.items():
            values.append(context[name or sink][: blocks[0][1]])
    return {name: np.concatenate(values) for name, values in parts.items()}


def _padded(x: NDArray[np.generic], batch: int) -> Iterator[tuple[Floats, int]]:
    for start in range(0, len(x), batch):
        rows = np.asarray(x[start : start + batch], dtype=np.float32)
        count = len(rows)
        # Zeros are not of every input type.
        yield np.concatenate([rows, np.repeat(rows[-1:], batch - count, axis=0)]), count


def run_node(node: NodeProto, context: dict[str, Any], model: ModelWrapper) -> None:
    """Execute one node in the qonnx executor; its outputs are put into `context`.

    Raises:
        ModelError: it fails; names the node.
    """
    try:
        execute_node(node, context, model.graph, model.model.opset_import[0].version)
    except Exception as error:  # qonnx raises plain Exception, ONNX Runtime classes of its own.
        raise ModelError(f"node {node.name} ({node.op_type}): does not run: {in_our_words(error)}") from error
