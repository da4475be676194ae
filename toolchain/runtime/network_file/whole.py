"""Graphs of a file's network for ONNX Runtime: derived from its integers, with the file's own inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError, first_line
from toolchain.graph.deciding import numbers_of
from toolchain.graph.graph import Graph, with_outputs
from toolchain.graph.lower import opset_of, to_opset
from toolchain.graph.opsets import IR_VERSIONS
from toolchain.graph.readers.source import Port, Source
from toolchain.runtime.builder import ROWS, GraphSettings
from toolchain.runtime.derive.alive import without_constants
from toolchain.runtime.derive.graphs import makers
from toolchain.runtime.half import half
from toolchain.runtime.lazy import lazily

CORE = "core_"
"""What names of derived tensors begin with."""

_FP16_BRANCHES = 16
"""Least opset with which ONNX Runtime 1.25.1 opens an `If` around float16 at its highest level; 13 to 15 end it."""

Part = tuple[list[NodeProto], list[TensorProto]]
"""Nodes and constants of one part of a model."""


def whole_makers(source: Source, settings: GraphSettings) -> dict[str, Callable[[], onnx.ModelProto]]:
    """What makes each variant; each may raise a ModelError that says why the network has no such variant."""
    graph, rows = core_graph(source), settings.batch or ROWS
    cores = makers(graph, core_settings(settings))
    made = {name: partial(_whole, source, graph, make, rows) for name, make in cores.items()}
    made["fp16"] = partial(_fp16, made["fp16"], made["fp32"])
    if numbers_of(graph) and settings.opset < _FP16_BRANCHES:
        made["fp16"] = partial(_no_branches)
    return {name: partial(_lazy, make) for name, make in made.items()}


def _lazy(make: Callable[[], onnx.ModelProto]) -> onnx.ModelProto:
    return lazily(make())


def _no_branches() -> onnx.ModelProto:
    raise ModelError(f"fp16: ONNX Runtime's optimiser dies of a branch in float16 below opset {_FP16_BRANCHES}")


def _fp16(exact: Callable[[], onnx.ModelProto], fp32: Callable[[], onnx.ModelProto]) -> onnx.ModelProto:
    """Whole numbers in float16 where it holds them all; else the float32 graph, rounded to it."""
    try:
        return exact()
    except ModelError:
        return half(fp32())


def core_settings(settings: GraphSettings) -> GraphSettings:
    """Those of what is derived: its batch stays open inside, what stands around it says what it is."""
    return replace(settings, batch=None)


def core_graph(source: Source) -> Graph:
    """What is derived: the graph with those outputs as integers that are the file's own; without what never changes."""
    pairs = zip(source.graph.outputs, source.whole_outputs, strict=True)
    ends = [replace(output, scale=1.0, offset=0.0) if whole else output for output, whole in pairs]
    return without_constants(with_outputs(source.graph, ends))


def _whole(source: Source, graph: Graph, make: Callable[[], onnx.ModelProto], rows: int | str) -> onnx.ModelProto:
    core = make()
    opset, known = opset_of(core), _plain(source, graph)
    parts = [
        _front(to_opset(source.front, opset), source, graph) if source.front else _entry(source, graph, known),
        _renamed(core, CORE, known),
        tail_part(to_opset(source.tail, opset), source) if source.tail else _exit(source, graph, known),
    ]
    return joined_model(source, parts, core.graph.name, opset, rows)


def joined_model(
    source: Source, parts: Sequence[Part], name: str, opset: int, rows: int | str, *domains: str
) -> onnx.ModelProto:
    """A checked model of a file's own inputs and outputs.

    Args:
        domains: of operators that are neither ONNX's nor ONNX Runtime's.

    Raises:
        ModelError: the parts do not join.
    """
    body = helper.make_graph(
        [node for nodes, _ in parts for node in nodes],
        name,
        [_value(port, rows) for port in source.inputs],
        [_value(port, rows) for port in source.outputs],
        [constant for _, constants in parts for constant in constants],
    )
    return _model(body, opset, domains)


def _plain(source: Source, graph: Graph) -> dict[str, str]:
    """The file's name of each input and output of the graph that is the file's own as it is."""
    entries = [] if source.front else [(name, name) for name in graph.inputs]
    exits = [] if source.tail else [(output.name, output.node) for output in graph.outputs]
    pairs = [*zip(entries, source.inputs, strict=False), *zip(exits, source.outputs, strict=False)]
    return {
        name: port.name
        for (name, node), port in pairs
        if port.dtype == np.float32 and port.shape == graph.types[node].shape
    }


def _renamed(model: onnx.ModelProto, prefix: str, known: Mapping[str, str]) -> Part:
    """Nodes and constants of a model; every tensor by its `known` name, or behind the prefix."""

    def name(old: str) -> str:
        return known.get(old, f"{prefix}{old}") if old else ""

    nodes = []
    for node in model.graph.node:
        new = onnx.NodeProto()
        new.CopyFrom(node)
        new.name = f"{prefix}{node.name}"
        new.input[:], new.output[:] = map(name, node.input), map(name, node.output)
        nodes.append(new)
    constants = []
    for tensor in model.graph.initializer:
        copy = TensorProto()
        copy.CopyFrom(tensor)
        copy.name = name(tensor.name)
        constants.append(copy)
    return nodes, constants


def front_part(front: onnx.ModelProto, source: Source) -> Part:
    """The front, whose integers are named behind `front_`."""
    return _renamed(front, "front_", {port.name: port.name for port in source.inputs})


def _front(front: onnx.ModelProto, source: Source, graph: Graph) -> Part:
    """The front, and its integers as floats."""
    nodes, constants = front_part(front, source)
    for name in graph.inputs:
        nodes.append(helper.make_node("Cast", [f"front_{name}"], [f"{CORE}{name}"], to=TensorProto.FLOAT))
    return nodes, constants


def tail_part(tail: onnx.ModelProto, source: Source) -> Part:
    """The tail, which takes what is named behind `CORE`.

    Raises:
        ModelError: it takes and gives something by one name.
    """
    known = {port.name: port.name for port in source.outputs}
    inputs = {value.name: f"{CORE}{value.name}" for value in tail.graph.input}
    if clash := known.keys() & inputs.keys():
        raise ModelError(f"output {min(clash)!r}: the tail takes and gives it by one name")
    return _renamed(tail, "tail_", known | inputs)


def _entry(source: Source, graph: Graph, known: Mapping[str, str]) -> Part:
    """From the file's integers to the graph's inputs as floats, in the graph's shape, but for those that are known."""
    nodes, constants = [], []
    for port, name in zip(source.inputs, graph.inputs, strict=True):
        if name in known:
            continue
        shape = _whole_numbers(f"front_{name}_shape", [-1, *graph.types[name].shape])
        nodes.append(helper.make_node("Cast", [port.name], [f"front_{name}"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Reshape", [f"front_{name}", shape.name], [f"{CORE}{name}"]))
        constants.append(shape)
    return nodes, constants


def _exit(source: Source, graph: Graph, known: Mapping[str, str]) -> Part:
    """From the graph's outputs as floats to the file's integers, in the file's shape, but for those that are known."""
    nodes, constants = [], []
    for port, output in zip(source.outputs, graph.outputs, strict=True):
        if output.name in known:
            continue
        shape, kind = _whole_numbers(f"tail_{output.name}_shape", [-1, *port.shape]), _element(port)
        nodes.append(helper.make_node("Reshape", [f"{CORE}{output.name}", shape.name], [f"tail_{output.name}"]))
        nodes.append(helper.make_node("Cast", [f"tail_{output.name}"], [port.name], to=kind))
        constants.append(shape)
    return nodes, constants


def _whole_numbers(name: str, values: Sequence[int]) -> TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def _value(port: Port, rows: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(port.name, _element(port), [rows, *port.shape])


def _element(port: Port) -> int:
    return int(helper.np_dtype_to_tensor_dtype(port.dtype))


def _model(body: onnx.GraphProto, opset: int, domains: Sequence[str]) -> onnx.ModelProto:
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 1) for domain in domains]
    if any(node.domain == "com.microsoft" for node in body.node):
        opsets.append(helper.make_opsetid("com.microsoft", 1))
    model = helper.make_model(body, producer_name="gateweave", opset_imports=opsets, ir_version=IR_VERSIONS[opset])
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ModelError(f"its parts do not join: {first_line(error)}") from error
    return model
