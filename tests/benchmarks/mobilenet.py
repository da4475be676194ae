"""MobileNetV2 1.0 for 224 x 224 pixels with random weights: what `gateweave check` is timed on. 3.5 million weights.

Shapes: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks" (2018), table 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from tests.fast.toolchain.graph.small_models import DOMAIN

SIDE = 224
CLASSES = 1000
# Expansion, channels, blocks, and stride of the first block.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


class MobileNet:
    """The float network as it grows, channels first; what quantises it overrides `weights` and `activations`."""

    def __init__(self, side: int = SIDE) -> None:
        self.random = np.random.default_rng(4)
        self.nodes: list[NodeProto] = []
        self.tensors: list[TensorProto] = []
        self.side = side

    def model(self) -> onnx.ModelProto:
        """The whole network."""
        here, channels = self._unit(self.activations("x", signed=True), 3, 32, 3, 2), 32
        for expansion, outputs, blocks, stride in STAGES:
            for number in range(blocks):
                here = self._block(here, (channels, expansion * channels, outputs), 1 if number else stride)
                channels = outputs
        here = self._unit(here, channels, 1280, 1, 1)
        pooled = self.activations(self.apply("GlobalAveragePool", [here]))
        flat = self.apply("Flatten", [pooled])
        return self._made(self.apply("MatMul", [flat, self.weights((1280, CLASSES))]))

    def weights(self, shape: Sequence[int]) -> str:
        """A product's weights."""
        fan_in = int(np.prod(shape[1:])) if len(shape) > 2 else shape[0]
        return self.constant(self.random.normal(0, (2 / fan_in) ** 0.5, shape))

    def activations(self, name: str, *, signed: bool = False) -> str:
        """A tensor behind an activation function, or before the first product."""
        assert signed in {False, True}
        return name

    def constant(self, values: Any) -> str:
        """A float32 constant's name."""
        name = f"c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def apply(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        """A node; the name of what it makes."""
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def _block(self, here: str, channels: tuple[int, int, int], stride: int) -> str:
        inputs, hidden, outputs = channels
        wide = self._unit(here, inputs, hidden, 1, 1) if hidden > inputs else here
        deep = self._unit(wide, hidden, hidden, 3, stride, group=hidden)
        narrow = self.activations(self._normalised(deep, hidden, outputs, 1, 1), signed=True)
        if stride == 1 and inputs == outputs:
            return self.activations(self.apply("Add", [here, narrow]), signed=True)
        return narrow

    def _unit(self, here: str, inputs: int, outputs: int, kernel: int, stride: int, group: int = 1) -> str:
        sums = self._normalised(here, inputs, outputs, kernel, stride, group)
        return self.activations(self.apply("Clip", [sums, self.constant(0.0), self.constant(6.0)]))

    def _normalised(self, here: str, inputs: int, outputs: int, kernel: int, stride: int, group: int = 1) -> str:
        sums = self._convolved(here, inputs, outputs, kernel, stride, group)
        scale, shift, mean = 1 + self.random.normal(0, 0.2, outputs), *self.random.normal(0, 0.2, (2, outputs))
        constants = [self.constant(v) for v in (scale, shift, mean, 1 + self.random.random(outputs))]
        return self.apply("BatchNormalization", [sums, *constants])

    def _convolved(self, here: str, inputs: int, outputs: int, kernel: int, stride: int, group: int, *bias: str) -> str:
        taken = [here, self.weights((outputs, inputs // group, kernel, kernel)), *bias]
        said = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [kernel // 2] * 4, "group": group}
        return self.apply("Conv", taken, **said)

    def _made(self, output: str) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "mobilenet_v2",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, self.side, self.side])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, CLASSES])],
            self.tensors,
        )
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


class QonnxMobileNet(MobileNet):
    """The same with quantisers as Brevitas exports them: weights of a scale a channel, activations of one each."""

    def __init__(self, weight_bits: int = 8, bits: int = 8) -> None:
        super().__init__()
        self._weight_bits, self._bits = weight_bits, bits

    def weights(self, shape: Sequence[int]) -> str:
        axes = tuple(range(1, len(shape))) if len(shape) > 2 else (0,)
        values = self.random.normal(0, (2 / np.prod([shape[a] for a in axes])) ** 0.5, shape).astype(np.float32)
        scale = np.abs(values).max(axis=axes, keepdims=True) / (2 ** (self._weight_bits - 1) - 1)
        return self._quantised(self.constant(values), scale, self._weight_bits, signed=1, narrow=1)

    def activations(self, name: str, *, signed: bool = False) -> str:
        spread = self.random.uniform(2.5, 6)
        return self._quantised(name, spread / 2 ** (self._bits - signed), self._bits, signed=int(signed), narrow=0)

    def _quantised(self, name: str, scale: Any, bits: int, **said: int) -> str:
        inputs = [name, self.constant(scale), self.constant(0.0), self.constant(float(bits))]
        return self.apply("Quant", inputs, domain=DOMAIN, rounding_mode="ROUND", **said)


class QdqMobileNet(MobileNet):
    """The same as ONNX Runtime's quantiser writes it: int8 weights of a scale a channel, no normalisation, no Clip."""

    def weights(self, shape: Sequence[int]) -> str:
        axis = 0 if len(shape) > 2 else 1
        codes = self.random.integers(-127, 128, shape).astype(np.int8)
        scale = self.random.uniform(0.5, 1, shape[axis]) * 0.03 / np.prod(shape[1:]) ** 0.5
        inputs = [self._codes(codes), self.constant(scale), self._codes(np.zeros(shape[axis], np.int8))]
        return self.apply("DequantizeLinear", inputs, axis=axis)

    def activations(self, name: str, *, signed: bool = False) -> str:
        scale, zero = self.constant(self.random.uniform(0.01, 0.03)), self._codes(np.uint8(128 * signed))
        return self.apply("DequantizeLinear", [self.apply("QuantizeLinear", [name, scale, zero]), scale, zero])

    def _codes(self, values: Any) -> str:
        name = f"c{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def _unit(self, here: str, inputs: int, outputs: int, kernel: int, stride: int, group: int = 1) -> str:
        return self.activations(self._normalised(here, inputs, outputs, kernel, stride, group))

    def _normalised(self, here: str, inputs: int, outputs: int, kernel: int, stride: int, group: int = 1) -> str:
        bias = self.constant(self.random.normal(0, 0.1, outputs))
        return self._convolved(here, inputs, outputs, kernel, stride, group, bias)
