"""What stands around the integer graph: the file's own float nodes before the first quantisers and behind the last."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.kernels import Scheme
from toolchain.graph.readers.qdq.model import Model
from toolchain.graph.readers.qdq.runtime import model_of
from toolchain.graph.readers.qdq.values import Place
from toolchain.graph.readers.source import Port


@dataclass(frozen=True)
class Border:
    """A tensor that the graph begins or ends with.

    Attributes:
        tensor: its name in the file, where it is in the file's own order.
        name: in the graph.
        place: where the file's elements are in the graph's tensor.
        scheme: of an output that the file has as codes.
        factor: one float32 a channel, for sums that nothing quantises.
    """

    tensor: str
    name: str
    place: Place
    scheme: Scheme | None = None
    factor: NDArray[np.float32] | None = None


class Wires:
    """Nodes of a model that grows around the graph, and their constants."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, TensorProto] = {}

    def keep(self, nodes: Iterable[NodeProto]) -> None:
        """Take over nodes of the file."""
        for node in nodes:
            self.nodes.append(free_batch(node, self._model))
            for name in self.nodes[-1].input:
                if name in self._model.constants:
                    self.constants[name] = numpy_helper.from_array(self._model.constants[name], name)

    def add(self, kind: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        """Add a node."""
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **settings))
        return output

    def constant(self, name: str, values: Any, dtype: Any = np.int64) -> str:
        """Add a constant."""
        self.constants[name] = numpy_helper.from_array(np.asarray(values, dtype), name)
        return name

    def model(
        self, name: str, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """All of it.

        Raises:
            ModelError: it is no valid model.
        """
        graph = helper.make_graph(self.nodes, name, inputs, outputs, list(self.constants.values()))
        model = model_of(graph, self._model.opset)
        try:
            onnx.checker.check_model(model)
        except onnx.checker.ValidationError as error:
            raise ModelError(
                f"what stands around the quantised network is broken: {str(error).splitlines()[0]}"
            ) from error
        return model


def free_batch(node: NodeProto, model: Model) -> NodeProto:
    """A Reshape whose batch is free; any other node as it is."""
    shape = model.constants.get(node.input[1]) if node.op_type == "Reshape" and len(node.input) > 1 else None
    if shape is None or shape.size < 2 or int(shape.reshape(-1)[0]) != 1:
        return node
    rest = shape.reshape(-1)[1:].tolist()
    free = [0 if -1 in rest else -1, *rest]
    name = f"{node.input[1]}/free"
    model.constants[name] = np.array(free, np.int64)
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.input[1] = name
    return copy


def front_of(b: Building, nodes: Sequence[NodeProto], borders: Sequence[Border]) -> onnx.ModelProto | None:
    """From the file's inputs to the graph's; None where they are the same."""
    if not nodes and all(border.place.plain for border in borders):
        return None
    wires = Wires(b.model)
    wires.keep(nodes)
    ends = []
    for border in borders:
        source = border.tensor
        if not border.place.plain:
            order = [0, *(axis + 1 for axis in border.place.axes)]
            source = wires.add("Transpose", [source], f"{border.name}/turned", perm=order)
        wires.add("Cast", [source], border.name, to=TensorProto.FLOAT)
        ends.append(_info(border.name, TensorProto.FLOAT, b.type(border.name).shape))
    taken = {name for node in wires.nodes for name in node.input}
    inputs = [_port(port) for port in b.model.inputs if port.name in taken]
    return wires.model("front", inputs, ends)


def tail_of(b: Building, nodes: Sequence[NodeProto], borders: Sequence[Border]) -> onnx.ModelProto:
    """From the graph's outputs, as real values channels last, to the file's outputs."""
    inputs, wires = [], Wires(b.model)
    for output, border in zip(b.graph.outputs, borders, strict=True):
        inputs.append(_info(output.name, TensorProto.FLOAT, b.type(output.node).shape))
        _turned_back(wires, output.name, border)
    wires.keep(nodes)
    made = {name for node in wires.nodes for name in node.output}
    if missing := [p.name for p in b.model.outputs if p.name not in made]:
        raise ModelError(f"output {missing[0]} is made by nothing behind the quantised network")
    return wires.model("tail", inputs, [_port(port) for port in b.model.outputs])


def _turned_back(wires: Wires, source: str, border: Border) -> None:
    """The graph's tensor in the file's order and unit, by the file's name."""
    if border.factor is not None:
        factor = wires.constant(f"{source}/factor", border.factor, np.float32)
        source = wires.add("Mul", [source, factor], f"{source}/scaled")
    name = border.tensor if border.scheme is None else f"{source}/real"
    place = border.place
    if place.order is not None:
        wires.add("Gather", [source, wires.constant(f"{source}/order", place.order)], name, axis=1)
    elif not place.plain:
        back = [0, *(place.axes.index(axis) + 1 for axis in range(len(place.axes)))]
        wires.add("Transpose", [source], name, perm=back)
    else:
        wires.add("Identity", [source], name)
    if border.scheme is not None:
        scale = wires.constant(f"{source}/scale", border.scheme.scale, np.float32)
        zero = wires.constant(f"{source}/zero", border.scheme.zero, border.scheme.dtype)
        wires.add("QuantizeLinear", [name, scale, zero], border.tensor)


def _port(port: Port) -> onnx.ValueInfoProto:
    return _info(port.name, helper.np_dtype_to_tensor_dtype(port.dtype), port.shape)


def _info(name: str, kind: int, shape: Sequence[int]) -> onnx.ValueInfoProto:
    sizes = ["N", *(n if n > 0 else None for n in shape)] if math.prod(shape) >= 0 else None
    return helper.make_tensor_value_info(name, kind, sizes)
