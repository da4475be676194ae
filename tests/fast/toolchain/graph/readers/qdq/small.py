"""Small QDQ models, node by node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


class Small:
    """A model of one float or integer input `x`, grown from its front.

    Attributes:
        random: what its constants come of.
    """

    def __init__(self, shape: Sequence[int], seed: int = 0, dtype: type = np.int8, opset: int = 17) -> None:
        self.random, self.dtype, self.opset = np.random.default_rng(seed), dtype, opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self.inputs = {"x": (TensorProto.FLOAT, list(shape))}
        self._count = 0

    def constant(self, values: Any, dtype: Any = None) -> str:
        self._count += 1
        self.constants[f"c{self._count}"] = np.asarray(values, dtype)
        return f"c{self._count}"

    def node(self, kind: str, *inputs: str, domain: str = "", outputs: int = 0, **settings: Any) -> Any:
        self._count += 1
        names = [f"t{self._count}_{i}" for i in range(outputs)] if outputs else [f"t{self._count}"]
        self.nodes.append(
            helper.make_node(kind, list(inputs), names, name=f"{kind}_{self._count}", domain=domain, **settings)
        )
        return names if outputs else names[0]

    def scheme(self, scale: float | None = None, zero: int | None = None, dtype: type | None = None) -> list[str]:
        kind = dtype or self.dtype
        limits = np.iinfo(kind)
        where = int(self.random.integers(limits.min, limits.max + 1)) if zero is None else zero
        size = float(self.random.uniform(0.02, 0.06)) if scale is None else scale
        return [self.constant(size, np.float32), self.constant(where, kind)]

    def quantised(self, x: str, *scheme: str) -> str:
        """Float, by way of codes, to float again."""
        wires = scheme or tuple(self.scheme())
        return str(self.node("DequantizeLinear", self.node("QuantizeLinear", x, *wires), *wires))

    def weights(self, shape: Sequence[int], axis: int | None = None, dtype: type = np.int8) -> str:
        limits = np.iinfo(dtype)
        codes = self.constant(self.random.integers(limits.min, limits.max + 1, shape), dtype)
        count = 1 if axis is None else shape[axis]
        scale = self.random.uniform(0.001, 0.004, count)
        zero = 0 if dtype == np.int8 else 121
        if axis is None:
            return str(
                self.node("DequantizeLinear", codes, self.constant(scale[0], np.float32), self.constant(zero, dtype))
            )
        wires = [self.constant(scale, np.float32), self.constant(np.full(count, zero), dtype)]
        return str(self.node("DequantizeLinear", codes, *wires, axis=axis))

    def bias(self, x: str, weights: str, outputs: int) -> str:
        """int32 in the unit of the sums of a product of two dequantised tensors."""
        makers = {name: node for node in self.nodes for name in node.output}
        scales = [self.constants[makers[name].input[1]] for name in (x, weights)]
        unit = (scales[0] * scales[1]).astype(np.float32)
        codes = self.constant(self.random.integers(-900, 900, outputs), np.int32)
        wires = [self.constant(unit, np.float32), self.constant(np.zeros(unit.shape), np.int32)]
        return str(self.node("DequantizeLinear", codes, *wires, axis=0))

    def model(self, *outputs: str) -> onnx.ModelProto:
        ins = [helper.make_tensor_value_info(n, kind, shape) for n, (kind, shape) in self.inputs.items()]
        outs = [helper.make_empty_tensor_value_info(name) for name in outputs]
        tensors = [numpy_helper.from_array(values, name) for name, values in self.constants.items()]
        graph = helper.make_graph(self.nodes, "small", ins, outs, tensors)
        sets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        bare = helper.make_model(graph, opset_imports=sets, ir_version=8)
        found = {v.name: v for v in onnx.shape_inference.infer_shapes(bare).graph.output}
        for value in bare.graph.output:
            value.CopyFrom(found[value.name])
        return bare
