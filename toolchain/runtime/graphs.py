"""Every graph of one network: the same answers in the forms that different runtimes like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import onnx

from toolchain.graph.dense import DenseNetwork
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.codes import CodeNetwork, code_network
from toolchain.runtime.qcdq import qcdq
from toolchain.runtime.rules import newest_opset
from toolchain.runtime.tensorrt import tensorrt
from toolchain.runtime.twins import fp16, fp32

Make = Callable[[CodeNetwork, GraphSettings], onnx.ModelProto]

VARIANTS: Mapping[str, Make] = {"fp32": fp32, "qcdq": qcdq, "fp16": fp16, "tensorrt": tensorrt}

# What each is, for tables and the manifest.
MEANINGS: Mapping[str, str] = {
    "fp32": "the quantised network evaluated in float32",
    "qcdq": "quantise, clip, dequantise: int8 kernels of the CPU provider",
    "fp16": "the quantised network evaluated in float16",
    "tensorrt": "symmetric QDQ as TensorRT takes it; checked here on the CPU provider",
}


def graphs_of(network: DenseNetwork, settings: GraphSettings | None = None) -> dict[str, onnx.ModelProto]:
    """All variants of a network, by name; equal networks give equal bytes.

    Each has one input `input`, float32 of shape (rows, inputs), which takes the network's integers as they are, and one
    output `logits`, float32 of shape (rows, classes), equal to the trained network's own.

    Raises:
        ModelError: the network cannot be expressed so; the message names the layer.
    """
    return {name: make() for name, make in makers(network, settings or GraphSettings()).items()}


def makers(network: DenseNetwork, settings: GraphSettings) -> dict[str, Callable[[], onnx.ModelProto]]:
    """What makes each variant; see `graphs_of`.

    Raises:
        ModelError: no variant can be made; the message names the layer.
    """
    codes = code_network(network)
    return {name: partial(make, codes, settings_of(name, settings)) for name, make in VARIANTS.items()}


def settings_of(variant: str, settings: GraphSettings) -> GraphSettings:
    """A variant's own settings: TensorRT's parser may read older opsets only than the board's ONNX Runtime."""
    if variant != "tensorrt":
        return settings
    return replace(settings, opset=min(settings.opset, newest_opset(settings.tensorrt)))
