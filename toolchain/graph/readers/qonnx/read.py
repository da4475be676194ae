"""From a QONNX model to the integer graph with the same answers, and what stands around it.

FINN moves scales through the graph by rewriting it, node pair by node pair. Here every tensor carries the elementwise
nodes since its last integers, and a quantiser evaluates them on all that can reach it, which leaves the executor's own
rounding in the thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import onnx
from onnx import helper
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Linear, Table, Threshold
from toolchain.graph.readers.qonnx.checks import RefusalError, ordered
from toolchain.graph.readers.qonnx.constants import Constants
from toolchain.graph.readers.qonnx.ends import Label, Late, ordered_scores, prepared
from toolchain.graph.readers.qonnx.parts import Exit, front, needs_front, needs_tail, tail
from toolchain.graph.readers.qonnx.steps import Executor
from toolchain.graph.readers.qonnx.values import Pending
from toolchain.graph.readers.qonnx.walk import Unknown, Walk
from toolchain.graph.readers.source import Port, Seen, Source


def read_qonnx(model: ModelWrapper) -> Source:
    """A tidy QONNX model as an integer graph.

    An input that is annotated with an integer type is the graph's own, if its quantiser leaves it as it is; otherwise
    the graph takes what its quantiser yields.

    Raises:
        RefusalError: the model cannot be expressed so; names every node that is in the way, and what would help.
    """
    nodes = ordered(model.graph)
    opsets = {("" if o.domain == "ai.onnx" else o.domain): int(o.version) for o in model.model.opset_import}
    try:
        walk = Walk(model, nodes, Executor(opsets), Constants(model))
        walk.go()
        exits = _exits(walk)
    except RefusalError:
        raise
    except ModelError as error:
        raise RefusalError([str(error)]) from error
    if walk.reasons:
        raise RefusalError(walk.reasons)
    return _source(walk, exits, opsets.get("", 13))


def _exits(walk: Walk) -> list[Exit]:
    """The tensors that leave the graph: outputs of the file, and what its tail takes."""
    behind = [n for node in walk.closing.nodes for n in node.input]
    names = list(dict.fromkeys([*(o.name for o in walk.model.graph.output), *behind]))
    exits = []
    for name in names:
        tensor = walk.tensors.get(name)
        if isinstance(tensor, Label):
            exits.append(Exit(name, tensor.value, tensor.shape, 1.0, 0.0, label=True))
        elif isinstance(tensor, Pending):
            exits.append(_exit(walk, name, tensor))
        elif not isinstance(tensor, Late | Unknown) and name not in behind:
            walk.reasons.append(_no_integers(name))
    return exits


def _no_integers(name: str) -> str:
    return (
        f"output {name!r} comes from no integers: the model is one of floats; quantise its input, weights and "
        "activations (Brevitas, QKeras, or post-training quantisation), and export it as QONNX"
    )


def _exit(walk: Walk, name: str, tensor: Pending) -> Exit:
    value = prepared(walk.executor, tensor)
    single = value.unit.size == 1
    if not value.exact:
        walk.notices.append(f"output {name!r}: a sum of units without a whole ratio; scaled to 28 bits")
    offset = float(value.bias[0]) if single and value.bias.size == 1 else 0.0
    ordered = ordered_scores(walk.executor, value) is not None
    return Exit(name, value, value.shape, float(value.unit[0]) if single else 1.0, offset, ordered=ordered)


def _source(walk: Walk, exits: list[Exit], opset: int) -> Source:
    outputs = [o.name for o in walk.model.graph.output]
    behind = needs_tail(exits, walk.closing.nodes, outputs)
    named = {(f"{e.tensor}_integers" if behind else e.tensor): e for e in exits}
    wires = {name: e.value.wire.taken() for name, e in named.items()}
    graph, renamed = _pruned(walk, wires, named)
    entries = [replace(e, name=renamed[e.name]) for e in walk.entries if e.name in renamed]
    if not entries:
        raise RefusalError(["the outputs depend on no input; nothing to run"])
    before = needs_front(entries, list(walk.inputs))
    return Source(
        "QONNX",
        graph,
        tuple(_input_port(walk, name, shape) for name, shape in walk.inputs.items()),
        tuple(_output_port(o, {e.tensor: e for e in exits}) for o in walk.model.graph.output),
        front(walk.model, entries, walk.inputs) if before else None,
        tail(named, walk.closing.nodes, walk.constants.values, walk.model.graph.output, opset) if behind else None,
        tuple(walk.notices),
        tuple(_seen(walk, graph)),
        all(exit_.ordered for exit_ in exits),
    )


def _seen(walk: Walk, graph: Graph) -> Iterator[Seen]:
    """Tensors that are integers of the graph in units of theirs, no steps since."""
    for name, value in walk.tensors.items():
        if not isinstance(value, Pending) or not value.is_bare or not value.exact or value.wire.name not in graph:
            continue
        if isinstance(graph[value.wire.name].op, (Linear, Table, Threshold)):
            axes = tuple(axis - 1 for axis in value.layout)
            yield Seen(value.wire.name, name, axes, value.order, value.unit, value.bias)


def _pruned(walk: Walk, wires: Mapping[str, str], exits: Mapping[str, Exit]) -> tuple[Graph, dict[str, str]]:
    """The graph without nodes that no output needs; and the names of its inputs, by those that they had.

    An input that a front makes cannot have the name of one of the file's.
    """
    needed = set(wires.values())
    for node in reversed(list(walk.graph)):
        if node.name in needed:
            needed.update(node.inputs)
    entries = [e for e in walk.entries if e.name in needed]
    before = needs_front(entries, list(walk.inputs))
    names = {e.name: f"{e.name}_integers" if before and e.name in walk.inputs else e.name for e in entries}
    graph = Graph()
    for node in walk.graph:
        if node.name in needed:
            graph.add(names.get(node.name, node.name), node.op, *(names.get(i, i) for i in node.inputs))
    for name, node_name in wires.items():
        graph.end(name, names.get(node_name, node_name), exits[name].scale, exits[name].offset)
    return graph, names


def _input_port(walk: Walk, name: str, shape: tuple[int, ...]) -> Port:
    said = walk.model.get_tensor_datatype(name).name
    return Port(name, shape, np.dtype(np.float32), "" if said == "FLOAT32" else said)


def _output_port(output: onnx.ValueInfoProto, exits: Mapping[str, Exit]) -> Port:
    kind = output.type.tensor_type
    sizes = [int(d.dim_value) for d in kind.shape.dim]
    shape = exits[output.name].shape if output.name in exits else tuple(sizes[1:])
    return Port(output.name, shape, np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type or 1)))
