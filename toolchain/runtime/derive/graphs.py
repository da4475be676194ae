"""Every graph of one network, derived from its integer graph: the same answers in the forms that runtimes like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph, Output
from toolchain.graph.types import Integers
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive.held import Held
from toolchain.runtime.derive.kinds import KINDS
from toolchain.runtime.derive.kinds.moves import last
from toolchain.runtime.derive.maker import Choice, Maker, Style
from toolchain.runtime.derive.regions import regions
from toolchain.runtime.rules import newest_opset

_FLOAT32, _FLOAT16 = np.dtype(np.float32), np.dtype(np.float16)

STYLES: Mapping[str, Style] = {
    "fp32": Style("fp32", _FLOAT32),
    "qcdq": Style("qcdq", _FLOAT32, codes=True),
    "fp16": Style("fp16", _FLOAT16, doubles=False),
    "tensorrt": Style("tensorrt", _FLOAT32, pairs=True, doubles=False),
}

MEANINGS: Mapping[str, str] = {
    "fp32": "the integer graph evaluated in float32",
    "qcdq": "unsigned bytes through the int8 kernels of the CPU provider",
    "fp16": "the integer graph evaluated in float16",
    "tensorrt": "symmetric QDQ as TensorRT takes it; checked here on the CPU provider",
}


# Passes of ONNX Runtime that change a variant's answers on the CPU provider. Float biases of TensorRT's shape would be
# quantised, and its convolutions then run by kernels whose 16-bit pairs saturate on x86 without VNNI.
DISABLED: Mapping[str, tuple[str, ...]] = {"tensorrt": ("WeightBiasQuantization",)}


@dataclass(frozen=True)
class Made:
    """A graph, how the thresholds of each node were made, and how the tensor of each node is held in it."""

    model: onnx.ModelProto
    choices: tuple[Choice, ...]
    held: Mapping[str, Held]


def makers(graph: Graph, settings: GraphSettings) -> dict[str, Callable[[], onnx.ModelProto]]:
    """What makes each variant; each may raise a ModelError that says why the network has no such variant.

    A made graph takes the integers of each input of the integer graph by its name, as float32, channels last, and gives
    each output by its name, float32, channels last: see `answers`.
    """
    return {name: partial(_model, graph, name, settings) for name in STYLES}


def _model(graph: Graph, variant: str, settings: GraphSettings) -> onnx.ModelProto:
    return made(graph, variant, settings).model


def made(graph: Graph, variant: str, settings: GraphSettings) -> Made:
    """One variant and the choices in it.

    Raises:
        ModelError: the network cannot be expressed so; names the node.
    """
    settings = settings_of(variant, settings)
    maker = Maker(graph, STYLES[variant], settings.opset)
    for region in regions(graph):
        if type(region.core.op) not in KINDS:
            raise ModelError(f"{variant}: node {region.name}: {type(region.core.op).__name__} has no form here")
        maker.held[region.name] = KINDS[type(region.core.op)](maker, region)
    for name in graph.inputs:
        if name not in maker.held:
            raise ModelError(f"input {name}: no output needs it")
    for output in graph.outputs:
        _end(maker, output)
    sources = [(name, graph.types[name].shape) for name in graph.inputs]
    sinks = [(output.name, graph.types[output.node].shape) for output in graph.outputs]
    return Made(maker.sheet.model(variant, sources, sinks, settings), tuple(maker.choices), dict(maker.held))


def settings_of(variant: str, settings: GraphSettings) -> GraphSettings:
    """A variant's own settings: TensorRT's parser may read older opsets only than the board's ONNX Runtime."""
    if variant != "tensorrt":
        return settings
    return replace(settings, opset=min(settings.opset, newest_opset(settings.tensorrt)))


def answers(output: Output, integers: Integers) -> NDArray[np.float32]:
    """What every graph gives for a node's integers, in float32: less their zero and scaled; else with an offset."""
    values = integers.astype(np.float32) - np.float32(output.zero or 0)
    if output.scale != 1:
        values = values * np.float32(output.scale)
    return values if output.zero is not None else values + np.float32(output.offset)


def _end(maker: Maker, output: Output) -> None:
    held, rank = maker.held[output.node], len(maker.type(output.node).shape)
    steps: list[tuple[str, list[str], dict[str, Any]]] = []
    if not held.scaled:
        held = maker.values(output.node)
    current = maker.cast(held.name, held.kind, _FLOAT32)
    if rank > 1:
        steps.append(("Transpose", [], {"perm": last(rank)}))
    if output.zero:
        steps.append(("Sub", [maker.number(output.zero, _FLOAT32)], {}))
    if output.scale != 1 and not held.scaled:
        steps.append(("Mul", [maker.number(output.scale, _FLOAT32)], {}))
    if output.zero is None:
        steps.append(("Add", [maker.number(output.offset, _FLOAT32)], {}))
    if not steps and maker.sheet.renamed(current, output.name):
        return
    for operator, parts, words in steps[:-1]:
        current = maker.add(operator, [current, *parts], f"{output.name}_values", **words)
    operator, parts, words = steps[-1] if steps else ("Identity", [], {})
    maker.sheet.end(operator, [current, *parts], output.name, **words)
