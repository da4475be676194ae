"""Standard ONNX around the integer graph: its front, and its tail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.graph.lower import lower, qonnx_opset, to_opset
from toolchain.graph.readers.qonnx.attributes import attributes_of
from toolchain.graph.readers.qonnx.steps import Parameter, Step, steps_of
from toolchain.graph.readers.qonnx.values import Pending

BATCH = "N"


@dataclass
class Part:
    """A graph of standard operators as it is put together."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def apply(self, operator: str, inputs: Sequence[str | NDArray[Any]], output: str, **attributes: Any) -> str:
        """A node; arrays among its inputs become constants."""
        names = [i if isinstance(i, str) else self._constant(f"{output}_{place}", i) for place, i in enumerate(inputs)]
        self.nodes.append(helper.make_node(operator, names, [output], name=output, **attributes))
        return output

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        self.constants[name] = values
        return name

    def model(
        self,
        inputs: Iterable[onnx.ValueInfoProto],
        outputs: Iterable[onnx.ValueInfoProto],
        opset: int,
        wanted: int | None = None,
    ) -> onnx.ModelProto:
        """As a model of some opset, brought to the wanted one."""
        used = {name for node in self.nodes for name in node.input}
        tensors = [numpy_helper.from_array(np.asarray(v), n) for n, v in self.constants.items() if n in used]
        graph = helper.make_graph(self.nodes, "part", list(inputs), list(outputs), tensors)
        model = helper.make_model(graph, producer_name="gateweave", opset_imports=[helper.make_opsetid("", opset)])
        return to_opset(model, wanted or opset)


def free(name: str, shape: Sequence[int], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """A tensor with a free batch."""
    return helper.make_tensor_value_info(name, kind, [BATCH, *shape])


@dataclass(frozen=True)
class Entry:
    """Where integers enter the graph.

    Attributes:
        name: of the graph's input.
        tensor: of the file.
        value: what it is.
        annotated: whether the file's own input holds them already.
    """

    name: str
    tensor: str
    value: Pending
    annotated: bool = False


def needs_front(entries: Sequence[Entry], inputs: Sequence[str]) -> bool:
    """Whether the graph's inputs are others than the file's, or in another order of axes."""
    own = [e for e in entries if e.annotated and _in_file_order(e.value)]
    return len(own) < len(entries) or [e.tensor for e in entries] != list(inputs)


def front(model: ModelWrapper, entries: Sequence[Entry], inputs: Mapping[str, tuple[int, ...]]) -> onnx.ModelProto:
    """From the file's inputs to the graph's.

    Args:
        inputs: shape of each of the file's, without the batch.
    """
    wanted = list(dict.fromkeys(e.tensor for e in entries if e.tensor not in inputs))
    part = _lowered(model, wanted) if wanted else Part()
    for entry in entries:
        _enter(part, entry)
    outputs = [free(e.name, e.value.type.shape) for e in entries]
    return part.model([free(n, s) for n, s in inputs.items()], outputs, qonnx_opset(model.model))


def _in_file_order(value: Pending) -> bool:
    return value.layout == tuple(sorted(value.layout)) and value.order is None


def _lowered(model: ModelWrapper, wanted: Sequence[str]) -> Part:
    """The file's nodes up to some tensors, as standard operators."""
    cut = onnx.ModelProto()
    cut.CopyFrom(model.model)
    needed = set(wanted)
    kept = []
    for node in reversed(list(cut.graph.node)):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    nodes = list(reversed(kept))
    shapes = {name: model.get_tensor_shape(name) for name in wanted}
    known = [v for v in cut.graph.value_info if v.name not in wanted]
    del cut.graph.node[:], cut.graph.output[:], cut.graph.value_info[:]
    cut.graph.value_info.extend(known)
    cut.graph.node.extend(nodes)
    cut.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items())
    plain = lower(ModelWrapper(cut), qonnx_opset(cut))
    constants = {t.name: numpy_helper.to_array(t) for t in plain.graph.initializer}
    part = Part(list(plain.graph.node), constants)
    _free_batch(part)
    return part


def _free_batch(part: Part) -> None:
    """Reshapes take the batch as it comes."""
    for node in part.nodes:
        if (
            node.op_type == "Reshape"
            and node.input[1] in part.constants
            and not attributes_of(node).get("allowzero", 0)
        ):
            target = part.constants[node.input[1]].copy()
            if target.size and -1 not in target[1:]:
                target[0] = -1
            elif target.size:
                target[0] = 0
            node.input[1] = f"{node.output[0]}_shape"
            part.constants[node.input[1]] = target


def _enter(part: Part, entry: Entry) -> None:
    """From a tensor's floats to the integers of a graph's input, channels last."""
    current, value = entry.tensor, entry.value
    if not entry.annotated:
        shape = [1] * (len(value.layout) + 1)
        shape[value.layout[-1]] = -1
        unit = value.unit.astype(np.float32)
        units = unit.reshape(()) if unit.size == 1 else unit.reshape(shape)
        current = part.apply("Div", [current, units], f"{entry.name}_units")
        current = part.apply("Round", [current], f"{entry.name}_whole")
    _turned(part, current, entry.name, [0, *value.layout])


@dataclass(frozen=True)
class Exit:
    """A tensor of the file that is made of a graph's output.

    Attributes:
        tensor: of the file.
        shape: as the file has it, without the batch.
        scale, offset: what the graph's output is given as.
        label: whether it is a class, a whole number in the file.
        ordered: whether the file's values are in the order of the integers, and as much apart.
    """

    tensor: str
    value: Pending
    shape: tuple[int, ...]
    scale: float
    offset: float
    label: bool = False
    ordered: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether the graph's output, scaled, is the file's tensor."""
        value = self.value
        plain = value.is_bare and _in_file_order(value) and value.type.shape == self.shape and not self.label
        return plain and value.unit.size == 1 and value.bias.size == 1


def needs_tail(exits: Sequence[Exit], nodes: Sequence[NodeProto], outputs: Sequence[str]) -> bool:
    """Whether the file's outputs are more than the graph's, scaled."""
    return bool(nodes) or not all(e.is_plain for e in exits) or [e.tensor for e in exits] != list(outputs)


def tail(
    exits: Mapping[str, Exit],
    nodes: Sequence[NodeProto],
    constants: Mapping[str, NDArray[Any]],
    outputs: Sequence[onnx.ValueInfoProto],
    opset: int,
) -> onnx.ModelProto:
    """From the graph's outputs to the file's.

    Args:
        exits: by the name of the graph's output.
        nodes: of the file, that stand behind the exits.
        outputs: the file's.
        opset: of the file's operators.
    """
    part = Part()
    for name, exit_ in exits.items():
        _leave(part, name, exit_)
    for node in nodes:
        part.nodes.append(node)
        part.constants.update({n: np.asarray(constants[n]) for n in node.input if n in constants})
    _free_batch(part)
    inputs = [free(name, e.value.type.shape) for name, e in exits.items()]
    return part.model(inputs, [_as_in_file(o) for o in outputs], opset, max(13, opset))


def _as_in_file(output: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    kind = output.type.tensor_type
    sizes = [d.dim_value or None for d in kind.shape.dim]
    return helper.make_tensor_value_info(output.name, kind.elem_type, [BATCH, *sizes[1:]] if sizes else None)


def _leave(part: Part, name: str, exit_: Exit) -> None:
    """From a graph's output to the file's tensor."""
    value, current = exit_.value, name
    if exit_.label:
        current = part.apply("Cast", [current], f"{name}_class", to=TensorProto.INT64)
        part.apply("Reshape", [current, np.array([-1, *exit_.shape], np.int64)], exit_.tensor)
        return
    if value.unit.size > 1:
        current = part.apply("Mul", [current, value.unit.astype(np.float32)], f"{name}_scaled")
    if value.bias.size > 1 or (value.unit.size > 1 and value.bias.any()):
        current = part.apply("Add", [current, value.bias.astype(np.float32)], f"{name}_shifted")
    current = _stepped(part, current, name, value)
    if value.order is not None:
        back = np.argsort(value.order, kind="stable").astype(np.int64)
        current = part.apply("Gather", [current, back], f"{name}_ordered", axis=len(value.layout))
    _turned(part, current, exit_.tensor, [0, *(value.layout.index(a) + 1 for a in sorted(value.layout))])


def _turned(part: Part, current: str, name: str, order: list[int]) -> None:
    """Axes in another order; ONNX Runtime takes a Transpose before a Gemm for a swap, though it turns nothing."""
    if order == sorted(order):
        part.apply("Identity", [current], name)
    else:
        part.apply("Transpose", [current], name, perm=order)


def _stepped(part: Part, current: str, name: str, value: Pending) -> str:
    """The steps, on rows of channels as they were read."""
    if value.is_bare:
        return current
    current = part.apply("Reshape", [current, np.array([-1, value.type.channels], np.int64)], f"{name}_rows")
    made: dict[int, str] = {}
    for number, step in enumerate(steps_of(value.tree)):
        made[id(step)] = _step(part, step, f"{name}_step_{number}", current, made)
    target = np.array([-1, *value.type.shape], np.int64)
    return part.apply("Reshape", [made[id(value.tree)], target], f"{name}_values")


def _step(part: Part, step: Step, output: str, root: str, made: Mapping[int, str]) -> str:
    node = NodeProto()
    node.CopyFrom(step.node)
    node.name = output
    node.output[:] = [output]
    for place, argument in enumerate(step.arguments):
        if isinstance(argument, Parameter):
            node.input[place] = f"{output}_{place}"
            part.constants[node.input[place]] = argument.values
        else:
            node.input[place] = "" if argument is None else made.get(id(argument), root)
    part.nodes.append(node)
    return output
