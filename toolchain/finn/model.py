"""A chain of layers as FINN's graph of hardware layers, not yet folded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.finn.layers import Chain, Layer, Levels, Padding, Product, Windows
from toolchain.graph.types import IntType

DOMAIN = "finn.custom_op.fpgadataflow"

Constant = tuple[NDArray[np.int64], str]
"""Integers and their type."""


def model_of(chain: Chain, *, narrow: bool) -> ModelWrapper:
    """FINN's graph; each layer's tensor has the type that it is held in.

    Args:
        narrow: weights have a type that holds more than the least of them, as the DSP slices of 7 series want it.
    """
    nodes, constants = [], {}
    current = source = "x"
    for index, layer in enumerate(chain.layers):
        operator, attributes, constant = form_of(layer, narrow=narrow)
        inputs = [current]
        if constant is not None:
            inputs.append(f"{operator}_{index}_parameters")
            constants[inputs[1]] = constant
        current = f"layer_{index}"
        nodes.append(_node(operator, inputs, current, layer, attributes))
    shapes = [input_shape(chain), *(layer.shape for layer in chain.layers)]
    kinds = [chain.kind, *(layer.kind for layer in chain.layers)]
    names = [source, *(node.output[0] for node in nodes)]
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in zip(names, shapes, strict=True)]
    graph = helper.make_graph(nodes, "finn", infos[:1], infos[-1:], value_info=infos[1:-1])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    model = ModelWrapper(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    for name, kind in zip(names, kinds, strict=True):
        model.set_tensor_datatype(name, DataType[kind])
    for name, (values, kind) in constants.items():
        model.set_initializer(name, values.astype(np.float32))
        model.set_tensor_datatype(name, DataType[kind])
    return model


def form_of(layer: Layer, *, narrow: bool) -> tuple[str, dict[str, Any], Constant | None]:
    """FINN's operator for a layer, its attributes before it is folded, and its constant."""
    return _FORMS[type(layer)](layer, narrow)


def input_shape(chain: Chain) -> tuple[int, ...]:
    """Of what the first layer takes, with a batch of one."""
    first = chain.layers[0]
    if isinstance(first, Product):
        return (1, *first.positions, len(first.weights))
    return first.shape if isinstance(first, Levels) else (1, *first.size, first.channels)


def weight_kind(weights: NDArray[np.int64], *, narrow: bool) -> str:
    """The narrowest type that FINN's RTL takes for weights: signed, of two bits at least."""
    low, high = int(weights.min()), int(weights.max())
    bits = IntType.of(IntType(min(low, -2), max(high, 1)).datatype).bits
    return f"INT{bits + (narrow and low == -(2 ** (bits - 1)))}"


def _node(operator: str, inputs: list[str], output: str, layer: Layer, attributes: dict[str, Any]) -> NodeProto:
    return helper.make_node(
        operator,
        inputs,
        [output],
        domain=DOMAIN,
        name=f"{operator}_{output}",
        backend="fpgadataflow",
        preferred_impl_style="rtl",
        **attributes,
    )


def _padding(layer: Padding, narrow: bool) -> tuple[str, dict[str, Any], Constant | None]:
    attributes = {"ImgDim": layer.size, "Padding": layer.edges, "NumChannels": layer.channels}
    return "FMPadding", {**attributes, "SIMD": 1, "inputDataType": layer.kind}, None


def _windows(layer: Windows, narrow: bool) -> tuple[str, dict[str, Any], Constant | None]:
    attributes = {
        "ConvKernelDim": layer.kernel,
        "IFMChannels": layer.channels,
        "IFMDim": layer.size,
        "OFMDim": layer.positions,
        "SIMD": 1,
        "Stride": layer.stride,
        "Dilation": layer.dilation,
        "inputDataType": layer.kind,
        "outputDataType": layer.kind,
        "is1D": int(1 in layer.size),
    }
    return "ConvolutionInputGenerator", attributes, None


def _product(layer: Product, narrow: bool) -> tuple[str, dict[str, Any], Constant | None]:
    inputs, outputs = layer.weights.shape
    kind = weight_kind(layer.weights, narrow=narrow)
    attributes = {
        "MW": inputs,
        "MH": outputs,
        "SIMD": 1,
        "PE": 1,
        "inputDataType": layer.source,
        "weightDataType": kind,
        "outputDataType": layer.kind,
        "accDataType": layer.kind,
        "noActivation": 1,
        "numInputVectors": (1, *layer.positions),
    }
    return "MVAU", attributes, (layer.weights, kind)


def _levels(layer: Levels, narrow: bool) -> tuple[str, dict[str, Any], Constant | None]:
    table = np.broadcast_to(layer.table, (layer.channels, layer.table.shape[1]))
    attributes = {
        "NumChannels": layer.channels,
        "PE": 1,
        "numSteps": layer.table.shape[1],
        "inputDataType": layer.source,
        "weightDataType": layer.limits,
        "outputDataType": layer.kind,
        "numInputVectors": (1, *layer.positions),
        "ActVal": layer.least,
    }
    return "Thresholding", attributes, (table, layer.limits)


_FORMS: dict[type[Layer], Callable[..., tuple[str, dict[str, Any], Constant | None]]] = {
    Padding: _padding,
    Windows: _windows,
    Product: _product,
    Levels: _levels,
}
