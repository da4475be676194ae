"""Which node of the integer graph a graph of ONNX Runtime first differs at: its tensors against the interpreter's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from toolchain.errors import GateweaveError
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.readers.source import Source
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive.graphs import made
from toolchain.runtime.derive.held import Held
from toolchain.runtime.network_file.answer import integers_of
from toolchain.runtime.network_file.whole import CORE, core_graph, core_settings
from toolchain.runtime.rows import Rows, parts_of
from toolchain.runtime.session import open_session, run_session

ABLE = ("fp32", "qcdq", "tensorrt")
"""Variants whose tensors are told here; float16 may be a rounded float32 graph."""


def first_node(
    source: Source, variant: str, settings: GraphSettings, model: onnx.ModelProto, options: RunOptions, x: Rows
) -> str:
    """In words, to stand behind an error.

    Args:
        settings: those that the graph was made with.
        model: the graph; options: what its session is opened with.
        x: one vector, as the file takes it.
    """
    try:
        return _told(source, variant, settings, model, options, x)
    except GateweaveError as error:
        return f"; which node differs first cannot be told: {error}"


def _told(
    source: Source, variant: str, settings: GraphSettings, model: onnx.ModelProto, options: RunOptions, x: Rows
) -> str:
    graph = core_graph(source)
    held = _kept(made(graph, variant, core_settings(settings)).held, model)
    values = _values(model, {f"{CORE}{h.name}" for h in held.values()}, options, x)
    wanted = run(graph, integers_of(source, x), [node.name for node in graph if node.name in held])
    for node in _in_order(graph, held):
        found = held[node].integers(values[f"{CORE}{held[node].name}"]).reshape(wanted[node].shape)
        if (apart := np.flatnonzero(found != wanted[node])).size:
            place = int(apart[0])
            return (
                f"; with all its tensors kept, the first node that differs: {node} ({apart.size:,} of {found.size:,} "
                f"elements, the first: {place}: {wanted[node].flat[place]} expected, {found.flat[place]} found)"
            )
    return "; with all its tensors kept, every node that can be compared agrees"


def _in_order(graph: Graph, held: Mapping[str, Held]) -> list[str]:
    return [node.name for node in graph if node.name in held]


def _kept(held: Mapping[str, Held], model: onnx.ModelProto) -> dict[str, Held]:
    """Nodes whose tensors the graph has as whole numbers."""
    there = {name for node in model.graph.node for name in node.output}
    return {node: h for node, h in held.items() if not h.scaled and f"{CORE}{h.name}" in there}


def _values(model: onnx.ModelProto, names: set[str], options: RunOptions, x: Rows) -> dict[str, NDArray[np.generic]]:
    """Tensors of a graph for one vector."""
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    known = {value.name for value in whole.graph.output}
    whole.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in sorted(names - known))
    rows = run_session(open_session(whole, options), x, 1)
    return dict(parts_of(rows, [value.name for value in whole.graph.output]))
