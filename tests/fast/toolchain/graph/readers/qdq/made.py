"""Small QDQ models, built operator by operator, with random scales, zero points and weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


class Made:
    """A model as it grows; methods return names of float tensors unless they say otherwise."""

    def __init__(self, dtype: str = "uint8", seed: int = 0) -> None:
        self.random, self.dtype = np.random.default_rng(seed), dtype
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def name(self, what: str) -> str:
        self._count += 1
        return f"{what}_{self._count}"

    def constant(self, values: Any, what: str = "c") -> str:
        self.tensors.append(numpy_helper.from_array(np.asarray(values), self.name(what)))
        return self.tensors[-1].name

    def node(self, kind: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> str:
        names = [self.name(kind.lower()) for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=f"the_{names[0]}", **attributes))
        return names[0]

    def input(self, *shape: int) -> str:
        name = self.name("x")
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape]))
        return name

    def quantised(self, x: str, scale: float | None = None, zero: int | None = None) -> str:
        """A QuantizeLinear and its DequantizeLinear."""
        names = self._parameters(scale, zero)
        codes = self.node("QuantizeLinear", [x, *names])
        return self.node("DequantizeLinear", [codes, *names])

    def _parameters(self, scale: float | None, zero: int | None) -> list[str]:
        held = np.iinfo(self.dtype)
        scale = self.random.uniform(0.01, 0.06) if scale is None else scale
        zero = int(self.random.integers(held.min, held.max + 1)) if zero is None else zero
        return [self.constant(np.float32(scale), "scale"), self.constant(np.array(zero, self.dtype), "zero")]

    def weights(self, shape: tuple[int, ...], axis: int, channels: bool = True) -> tuple[str, NDArray[np.float32]]:
        """Quantised weights; gives their scales, too."""
        whole = self.random.integers(-128, 128, shape).astype(np.int8)
        count = shape[axis] if channels else 1
        scale = self.random.uniform(0.001, 0.01, count).astype(np.float32)
        zero = np.zeros(count, np.int8)
        given = (scale, zero) if channels else (scale[0], zero[0])
        names = [self.constant(v) for v in (whole, *given)]
        return self.node("DequantizeLinear", names, axis=axis), scale

    def conv(self, x: str, x_scale: float, shape: tuple[int, ...], **own: Any) -> str:
        """A convolution of random weights (outputs, inputs of a group, *kernel) and a bias."""
        w, scale = self.weights(shape, 0)
        whole = self.random.integers(-3000, 3000, shape[0]).astype(np.int32)
        b_scale = (np.float32(x_scale) * scale).astype(np.float32)
        given = [self.constant(v) for v in (whole, b_scale, np.zeros(shape[0], np.int32))]
        return self.node("Conv", [x, w, self.node("DequantizeLinear", given, axis=0)], **own)

    def model(self, *outputs: str) -> onnx.ModelProto:
        """The model of these outputs; of codes where they come of a QuantizeLinear."""
        codes = {name for node in self.nodes if node.op_type == "QuantizeLinear" for name in node.output}
        kinds = [
            helper.np_dtype_to_tensor_dtype(np.dtype(self.dtype)) if o in codes else TensorProto.FLOAT for o in outputs
        ]
        ends = [helper.make_tensor_value_info(o, kind, None) for o, kind in zip(outputs, kinds, strict=True)]
        graph = helper.make_graph(self.nodes, "made", self.inputs, ends, self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return onnx.shape_inference.infer_shapes(model)
