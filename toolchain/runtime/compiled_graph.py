"""The graph of one operator: the network's integers as compiled C inside ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph, Output
from toolchain.graph.lower import to_opset
from toolchain.graph.readers.source import Port, Source
from toolchain.kernels.c_text import Whole
from toolchain.kernels.compiled import ROWS as AT_ONCE
from toolchain.kernels.generate import CSource, c_source
from toolchain.kernels.operator import DOMAIN, End, known, operator_name
from toolchain.kernels.text import Argument
from toolchain.kernels.ways import WRITTEN, Ways
from toolchain.results.device import COMPILED
from toolchain.runtime.builder import ROWS, GraphSettings
from toolchain.runtime.network_file.whole import CORE, core_graph, front_part, joined_model, tail_part

MEANING = "one operator: the integers as compiled C"


@dataclass(frozen=True)
class CompiledGraph:
    """A network as one operator.

    Attributes:
        source: its C; ends: what stands between that and ONNX's tensors.
    """

    model: onnx.ModelProto
    source: CSource
    ends: tuple[End, ...]


def compiled_graph(source: Source, settings: GraphSettings, ways: Ways = WRITTEN) -> CompiledGraph:
    """The graph, with the file's own inputs and outputs; what stands around the integers stays standard ONNX.

    Raises:
        ModelError: a node has no C, or a tensor is of a type that the operator does not take.
    """
    graph = core_graph(source)
    made = c_source(graph, AT_ONCE, ways)
    ends = (*_inputs(source, graph, made), *_outputs(source, graph, made))
    for end in ends:
        if not known(end.dtype):
            raise ModelError(f"{COMPILED}: {end.tensor.name}: an operator takes no {end.dtype}")
    name = operator_name(made, ends)
    return CompiledGraph(_model(source, graph, ends, name, settings), made, ends)


def _inputs(source: Source, graph: Graph, made: CSource) -> list[End]:
    ports = dict(zip(source.graph.inputs, source.inputs, strict=False))
    types = {value.name: _dtype(value) for value in source.front.graph.output} if source.front else {}
    return [
        End(t, types[t.name] if source.front else ports[t.name].dtype, t.type.shape)
        for t in made.tensors
        if t.output is None
    ]


def _outputs(source: Source, graph: Graph, made: CSource) -> list[End]:
    ports = dict(zip((o.name for o in source.graph.outputs), source.outputs, strict=False))
    whole = dict(zip((o.name for o in source.graph.outputs), source.whole_outputs, strict=True))
    types = {value.name: _dtype(value) for value in source.tail.graph.input} if source.tail else {}
    return [
        _output(t, t.output, types.get(t.name), None if source.tail else ports[t.name], whole=whole[t.name])
        for t in made.tensors
        if t.output is not None
    ]


def _output(tensor: Argument, output: Output, taken: Whole | None, port: Port | None, *, whole: bool) -> End:
    dtype = port.dtype if port else taken or np.dtype(np.float32)
    shape = port.shape if port else tensor.type.shape
    if whole:
        return End(tensor, dtype, shape)
    zero, offset = (output.zero, 0.0) if output.zero is not None else (0, output.offset)
    return End(tensor, dtype, shape, scaled=True, zero=zero, scale=output.scale, offset=offset)


def _dtype(value: onnx.ValueInfoProto) -> Whole:
    return np.dtype(helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))


def _model(source: Source, graph: Graph, ends: Sequence[End], name: str, settings: GraphSettings) -> onnx.ModelProto:
    ports = dict(zip(source.graph.inputs, source.inputs, strict=False))
    exits = dict(zip((o.name for o in source.graph.outputs), source.outputs, strict=False))
    takes = [f"front_{e.tensor.name}" if source.front else ports[e.tensor.name].name for e in _sides(ends, out=False)]
    gives = [f"{CORE}{e.tensor.name}" if source.tail else exits[e.tensor.name].name for e in _sides(ends, out=True)]
    node = helper.make_node(name, takes, gives, name=COMPILED, domain=DOMAIN)
    parts = [front_part(to_opset(source.front, settings.opset), source)] if source.front else []
    parts.append(([node], []))
    if source.tail:
        parts.append(tail_part(to_opset(source.tail, settings.opset), source))
    return joined_model(source, parts, COMPILED, settings.opset, settings.batch or ROWS, DOMAIN)


def _sides(ends: Sequence[End], *, out: bool) -> list[End]:
    return [end for end in ends if (end.tensor.output is not None) == out]
