"""The stages of a graph: its nodes as hardware sees them. A window goes into what takes it, a reshape into nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from hls.units import label, linear, moves, softmax, staged, table, thresholds
from hls.units.stage import Stage
from toolchain.errors import ModelError
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import (
    Add,
    ArgMax,
    Chosen,
    Concat,
    Confident,
    Decide,
    Gate,
    Input,
    Linear,
    Op,
    Reduce,
    Repeat,
    Reshape,
    Select,
    Softmax,
    Table,
    Threshold,
    Transpose,
    Window,
)

Maker = Callable[[Graph, Node], Stage]

_MAKERS: dict[type[Op], Maker] = {
    Linear: linear.stage,
    Add: moves.add_stage,
    Concat: moves.concat_stage,
    Reduce: moves.reduce_stage,
    Repeat: moves.repeat_stage,
    Select: moves.select_stage,
    Transpose: moves.transpose_stage,
    Window: moves.window_stage,
    Threshold: thresholds.stage,
    Table: table.stage,
    ArgMax: label.stage,
    Softmax: softmax.stage,
    Chosen: staged.chosen_stage,
    Confident: staged.confident_stage,
    Gate: staged.gate_stage,
    Decide: staged.decide_stage,
}
"""What makes the stage of a node kind, in the unit's file: the one place where a unit is added."""


_TAKE_WINDOWS = (Linear, Reduce)


def stages_of(graph: Graph, weight_bits: int | None = None, *, loads: bool = False) -> tuple[Stage, ...]:
    """A stage for every node that needs hardware of its own, in the order of the graph.

    Args:
        weight_bits: estimate as if no weight had more; what is built stays as it is.
        loads: whether weights may be loaded into large RAMs.

    Raises:
        ModelError: node kinds without a unit; names them all.
    """
    nodes = [node for node in graph if not isinstance(node.op, Input | Reshape) and not _fused(graph, node)]
    if missing := [f"{node.name} ({type(node.op).__name__})" for node in nodes if type(node.op) not in _MAKERS]:
        raise ModelError(f"no hardware unit for {', '.join(missing)}; ONNX Runtime boards take such a network")
    makers: dict[type[Op], Maker] = {**_MAKERS, Linear: partial(linear.stage, weight_bits=weight_bits, loads=loads)}
    stages = (makers[type(node.op)](graph, node) for node in nodes)
    return tuple(replace(stage, takes=tuple(traced(graph, name) for name in stage.takes)) for stage in stages)


def _fused(graph: Graph, node: Node) -> bool:
    """Whether a node is part of every node that takes it."""
    return isinstance(node.op, Window) and all(isinstance(taker.op, _TAKE_WINDOWS) for taker in graph.takers(node.name))


def output_tensor(graph: Graph) -> str:
    """The node whose stream leaves the core.

    Raises:
        ModelError: the graph has several outputs.
    """
    nodes = {traced(graph, output.node) for output in graph.outputs}
    if len(nodes) != 1:
        raise ModelError(f"the network has {len(nodes)} outputs ({', '.join(sorted(nodes))}); an FPGA answers with one")
    return nodes.pop()


def traced(graph: Graph, name: str) -> str:
    """The node that makes a tensor's elements in this order: a reshape moves nothing."""
    while isinstance(graph[name].op, Reshape):
        (name,) = graph[name].inputs
    return name
