"""Small QONNX chains, made node by node, for tests of what streamlining may and may not take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.graph.model_file import load_model

DOMAIN = "qonnx.custom_op.general"
INPUTS, HIDDEN, CLASSES = 6, 4, 3

_RANDOM = np.random.default_rng(0)
CONSTANTS: dict[str, Any] = {
    "w": _RANDOM.integers(-1, 2, (INPUTS, HIDDEN)),
    "v": _RANDOM.integers(-1, 2, (HIDDEN, CLASSES)),
    "s": 1.0,
    "z": 0.0,
    "b": 2.0,
}
X = _RANDOM.integers(0, 16, (300, INPUTS))


def node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> NodeProto:
    return helper.make_node(operator, list(inputs), [output], name=output, **attributes)


def quant(
    source: str, output: str, bits: str = "b", scale: str = "s", kind: str = "Quant", **attributes: Any
) -> NodeProto:
    said = {"signed": 0, "narrow": 0, "rounding_mode": "ROUND", **attributes}
    return node(kind, [source, scale, "z", bits], output, domain=DOMAIN, **said)


FIRST, LAST = node("MatMul", ["x", "w"], "a"), node("MatMul", ["q", "v"], "l")
CHAIN = [FIRST, quant("a", "q"), LAST]


def raw(
    nodes: Sequence[NodeProto],
    constants: Mapping[str, Any] | None = None,
    *,
    output: str = "",
    shape: Sequence[int] = (1, CLASSES),
    kind: int = TensorProto.FLOAT,
    datatype: str = "UINT4",
) -> onnx.ModelProto:
    """The chain as a file would hold it; integer constants keep their type."""
    values = {**CONSTANTS, **(constants or {})}
    tensors = [
        numpy_helper.from_array(
            v if isinstance(v, np.ndarray) and v.dtype == np.int64 and n == "k" else np.float32(v), n
        )
        for n, v in values.items()
    ]
    graph = helper.make_graph(
        list(nodes),
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, INPUTS])],
        [helper.make_tensor_value_info(output or nodes[-1].output[0], kind, list(shape))],
        tensors,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    wrapper = ModelWrapper(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    wrapper.set_tensor_datatype("x", DataType[datatype])
    model: onnx.ModelProto = wrapper.model
    return model


def tidied(model: onnx.ModelProto, folder: Path) -> ModelWrapper:
    """The chain as the product reads it."""
    onnx.save(model, folder / "model.onnx")
    return load_model(folder / "model.onnx")
