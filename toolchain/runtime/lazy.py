"""A graph for ONNX Runtime in which what only later stages need runs only for inputs that need it.

A choice between two answers becomes an ONNX `If`: where every row of the batch is confident, nothing behind it runs.
The answers are those of the choice for any batch; at batch 1 each input takes what it needs and no more. Thresholds
become inputs with a default, which ONNX Runtime calls overridable initializers: each call may give others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter

import onnx
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper

from toolchain.runtime.derive.kinds.staged import CHOSEN, CONFIDENT, DECIDED

THRESHOLD, WIDTH = "threshold", "width"
"""What the names of such inputs begin with; the number of the stage, from 1, or its percent of the channels follows."""


def lazily(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same answers, later stages behind an `If`; the model itself where it chooses nothing."""
    if not any(_chooses(node) for node in model.graph.node):
        return model
    known = {value.name: value for value in onnx.shape_inference.infer_shapes(model).graph.value_info}
    body = model.graph
    _order(body)
    _put_off(body, {value.name for value in body.output}, known)
    _expose_thresholds(body)
    onnx.checker.check_model(model)
    return model


def _order(body: GraphProto) -> None:
    """Bring each node behind those whose tensors it takes: a conversion may have put casts anywhere."""
    makers = {name: node.name for node in body.node for name in node.output}
    nodes = {node.name: node for node in body.node}
    before = {node.name: [makers[name] for name in node.input if name in makers] for node in body.node}
    ordered = [nodes[name] for name in TopologicalSorter(before).static_order()]
    del body.node[:]
    body.node.extend(ordered)


def _chooses(node: NodeProto) -> bool:
    return node.op_type == "Where" and node.name.endswith(DECIDED)


def _put_off(body: GraphProto, wanted: set[str], known: dict[str, ValueInfoProto]) -> None:
    """Move what only the last choice's other answer needs into a branch; and so on inside it."""
    choice = next((node for node in reversed(body.node) if _chooses(node)), None)
    if choice is None:
        return
    nodes = list(body.node)
    at_once = _needed([n for n in nodes if n is not choice], wanted | set(choice.input[:2]) - {choice.output[0]})
    later = [n for n in nodes if n is not choice and not at_once & set(n.output)]
    kept = [n for n in nodes if n is choice or at_once & set(n.output)]
    taken = {name for n in kept if n is not choice for name in n.input}
    branch = _branch(later, choice, known, _moved(body, taken, [*later, choice]))
    test = _all(choice.input[0], choice.name)
    then = helper.make_graph(
        [helper.make_node("Identity", [choice.input[1]], [f"{choice.name}_own"], name=f"{choice.name}_own")],
        f"{choice.name}_then",
        [],
        [_renamed(known[choice.output[0]], f"{choice.name}_own")],
    )
    branching = helper.make_node(
        "If", [test[-1].output[0]], [choice.output[0]], name=choice.name, then_branch=then, else_branch=branch
    )
    at = next(place for place, n in enumerate(kept) if n is choice)
    del body.node[:]
    body.node.extend([*kept[:at], *test, branching, *kept[at + 1 :]])


def _branch(
    later: Sequence[NodeProto],
    choice: NodeProto,
    known: dict[str, ValueInfoProto],
    constants: Sequence[TensorProto],
) -> GraphProto:
    inner = NodeProto()
    inner.CopyFrom(choice)
    inner.name = inner.output[0] = f"{choice.name}_later"
    end = _renamed(known[choice.output[0]], inner.output[0])
    branch = helper.make_graph([*later, inner], f"{choice.name}_else", [], [end], constants)
    _put_off_inside(branch, known)
    return branch


def _moved(body: GraphProto, outside: set[str], inside: Sequence[NodeProto]) -> list[TensorProto]:
    """The constants that only nodes inside a branch take, taken out of the body."""
    needed = {name for node in inside for name in node.input} - outside
    moved = [constant for constant in body.initializer if constant.name in needed]
    kept = [constant for constant in body.initializer if constant.name not in needed]
    del body.initializer[:]
    body.initializer.extend(kept)
    return moved


def _put_off_inside(branch: GraphProto, known: dict[str, ValueInfoProto]) -> None:
    """The choices of a branch but its own, which picks rows of a batch."""
    last = branch.node[-1]
    del branch.node[-1]
    _put_off(branch, set(last.input), known)
    branch.node.append(last)


def _needed(nodes: Sequence[NodeProto], wanted: Iterable[str]) -> set[str]:
    """All tensors that the wanted ones are made of, they included."""
    needed = set(wanted)
    for node in reversed(nodes):
        if needed & set(node.output):
            needed.update(node.input)
    return needed


def _all(flag: str, name: str) -> list[NodeProto]:
    """Whether a flag holds in every row."""
    steps = [f"{name}_flags", f"{name}_least", f"{name}_all"]
    return [
        helper.make_node("Cast", [flag], [steps[0]], name=steps[0], to=TensorProto.INT32),
        helper.make_node("ReduceMin", [steps[0]], [steps[1]], name=steps[1], keepdims=0),
        helper.make_node("Cast", [steps[1]], [steps[2]], name=steps[2], to=TensorProto.BOOL),
    ]


def _renamed(value: ValueInfoProto, name: str) -> ValueInfoProto:
    result = ValueInfoProto()
    result.CopyFrom(value)
    result.name = name
    return result


def _expose_thresholds(body: GraphProto) -> None:
    """Constants of comparisons become inputs with a default, by the number of their stage."""
    constants = {c.name: c for c in _constants(body)}
    compared = [(n, name) for n in _all_nodes(body) if n.op_type == "GreaterOrEqual" and (name := _name_of(n))]
    for number, (node, name) in enumerate(compared, 1):
        constant = constants[node.input[1]]
        node.input[1] = name if name != THRESHOLD else f"{THRESHOLD}{number}"
        default = TensorProto()
        default.CopyFrom(constant)
        default.name = node.input[1]
        body.initializer.append(default)
        body.input.append(helper.make_tensor_value_info(default.name, default.data_type, default.dims))
        _drop(body, constant.name)


def _name_of(node: NodeProto) -> str | None:
    """Of the input that a threshold becomes, without the number of its stage; None where there is none."""
    if node.name.endswith(CONFIDENT):
        return THRESHOLD
    chosen = re.search(rf"{CHOSEN}(\d+)$", node.name)
    return f"{WIDTH}{chosen[1]}" if chosen else None


def _graphs(body: GraphProto) -> Iterable[GraphProto]:
    yield body
    for node in body.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _all_nodes(body: GraphProto) -> list[NodeProto]:
    return [node for graph in _graphs(body) for node in graph.node]


def _constants(body: GraphProto) -> list[TensorProto]:
    return [constant for graph in _graphs(body) for constant in graph.initializer]


def _drop(body: GraphProto, name: str) -> None:
    for graph in _graphs(body):
        for constant in [c for c in graph.initializer if c.name == name]:
            graph.initializer.remove(constant)
