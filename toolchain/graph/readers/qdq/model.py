"""An ONNX file with its wires checked: who makes a tensor, who takes it, what is constant."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError, first_line
from toolchain.graph.levels import by_levels
from toolchain.graph.readers.growing import MOST_ELEMENTS
from toolchain.graph.readers.qdq.qoperators import as_qdq
from toolchain.graph.readers.source import Port

_DTYPES: dict[int, np.dtype[Any]] = {
    TensorProto.FLOAT: np.dtype(np.float32),
    TensorProto.INT8: np.dtype(np.int8),
    TensorProto.UINT8: np.dtype(np.uint8),
    TensorProto.INT32: np.dtype(np.int32),
    TensorProto.INT64: np.dtype(np.int64),
}


class Model:
    """The nodes in the order of their wires, QLinear operators as plain ones between quantisers.

    Attributes:
        constants: the file's initializers; a reader adds what it folds.
        inputs, outputs: the file's own, without the batch.
        shapes: of computed tensors as far as ONNX infers them, the batch with them.
    """

    def __init__(self, file: onnx.ModelProto) -> None:
        graph = file.graph
        self.opset = max((s.version for s in file.opset_import if s.domain in ("", "ai.onnx")), default=1)
        self.constants = {t.name: _array(t) for t in graph.initializer}
        self.inputs = [_port(v, "input") for v in graph.input if v.name not in self.constants]
        self.outputs = [_port(v, "output", _shapes(file)) for v in graph.output]
        if not self.inputs or not self.outputs:
            raise ModelError(f"{len(self.inputs)} inputs and {len(self.outputs)} outputs; one or more are expected")
        self.nodes = _in_order(graph, {*self.constants, *(p.name for p in self.inputs)})
        self.makers = {name: node for node in self.nodes for name in node.output if name}
        self.takers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in dict.fromkeys(node.input):
                self.takers[name].append(node)

    def is_output(self, name: str) -> bool:
        """Whether a tensor is one of the file's outputs."""
        return any(port.name == name for port in self.outputs)

    def sole_taker(self, name: str) -> NodeProto | None:
        """The only node that takes a tensor; None where several do, or the tensor is an output."""
        takers = self.takers[name]
        return takers[0] if len(takers) == 1 and not self.is_output(name) else None


def said(node: NodeProto) -> str:
    """A node as errors name it."""
    return f"node {node.name or node.output[0]} ({node.op_type})"


def attributes(node: NodeProto) -> dict[str, Any]:
    """A node's attributes, text as str."""
    found = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {name: v.decode() if isinstance(v, bytes) else v for name, v in found.items()}


def _array(tensor: onnx.TensorProto) -> NDArray[Any]:
    if math.prod(tensor.dims) > MOST_ELEMENTS or any(n < 0 for n in tensor.dims):
        raise ModelError(
            f"constant {tensor.name}: shape {list(tensor.dims)}; up to {MOST_ELEMENTS:,} elements are read"
        )
    if tensor.data_location == TensorProto.EXTERNAL:
        raise ModelError(f"constant {tensor.name} lies in another file; save the model in one")
    if tensor.data_type in (TensorProto.INT4, TensorProto.UINT4, TensorProto.FLOAT8E4M3FN, TensorProto.FLOAT8E5M2):
        kind = TensorProto.DataType.Name(tensor.data_type)
        raise ModelError(f"constant {tensor.name} is {kind}; int8 and uint8 are read: quantise to 8 bits")
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        raise ModelError(f"constant {tensor.name} cannot be read: {first_line(error)}; the file is broken") from error


def _shapes(file: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes of the outputs that ONNX infers, 0 for a free axis, whatever the file says; none where it cannot."""
    bare = onnx.ModelProto()
    bare.CopyFrom(file)
    for output in bare.graph.output:
        output.type.tensor_type.ClearField("shape")
    try:
        graph = onnx.shape_inference.infer_shapes(bare).graph
    except (RuntimeError, ValueError, onnx.shape_inference.InferenceError):
        return {}
    return {v.name: _dims(v) for v in graph.output}


def _dims(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(d.dim_value for d in value.type.tensor_type.shape.dim)


def _port(value: onnx.ValueInfoProto, what: str, known: dict[str, tuple[int, ...]] | None = None) -> Port:
    kind = value.type.tensor_type.elem_type
    if kind not in _DTYPES:
        name = TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else str(kind)
        raise ModelError(f"{what} {value.name} is {name}; float32, int8 and uint8 are read")
    dims = (known or {}).get(value.name, ())
    if not all(dims[1:]) or not dims:
        dims = _dims(value)
    shape = dims[1:]
    free = min(shape, default=1) < 1
    if free or (what == "input" and len(dims) < 2) or math.prod(shape) > MOST_ELEMENTS:
        raise ModelError(
            f"{what} {value.name} has shape {list(dims)}; a batch and fixed axes, up to {MOST_ELEMENTS:,} elements, "
            "are expected: export the model with fixed shapes beside the batch"
        )
    if what == "input" and dims[0] > 1:
        raise ModelError(f"{what} {value.name} has a fixed batch of {dims[0]}; export the model with 1 or a free batch")
    return Port(value.name, shape, _DTYPES[kind])


def _in_order(graph: onnx.GraphProto, known: set[str]) -> list[NodeProto]:
    """The nodes so that each stands behind those whose tensors it takes."""
    nodes = [part for place, node in enumerate(graph.node) for part in as_qdq(_named(node, place))]
    _check(graph, nodes, known)
    makers = {name: place for place, node in enumerate(nodes) for name in node.output if name}
    before = {place: {makers[n] for n in node.input if n in makers} for place, node in enumerate(nodes)}
    order = by_levels(before)
    if left := sorted({*before} - {*order}):
        raise ModelError(f"{said(nodes[left[0]])} waits for its own result: the file has a circle; export it again")
    return [nodes[place] for place in order]


def _named(node: NodeProto, place: int) -> NodeProto:
    if node.name and len(node.output):
        return node
    if not len(node.output):
        raise ModelError(f"node {place} ({node.op_type}) makes nothing; the file is broken")
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.name = f"{node.op_type}_{place}"
    return copy


_KINDS = {
    AttributeProto.INTS: ("axes", "perm", "pads", "strides", "dilations", "kernel_shape", "split"),
    AttributeProto.INT: (
        "axis",
        "group",
        "keepdims",
        "transA",
        "transB",
        "ceil_mode",
        "count_include_pad",
        "allowzero",
    ),
    AttributeProto.STRING: ("auto_pad", "mode", "nearest_mode", "coordinate_transformation_mode"),
}


def _check_attributes(node: NodeProto) -> None:
    for attribute in node.attribute:
        for kind, names in _KINDS.items():
            if attribute.name in names and attribute.type != kind:
                wanted = AttributeProto.AttributeType.Name(kind)
                raise ModelError(f"{said(node)}: attribute {attribute.name} should be {wanted}; the file is broken")


def _check(graph: onnx.GraphProto, nodes: Sequence[NodeProto], known: set[str]) -> None:
    made = set(known)
    for node in nodes:
        _check_attributes(node)
        if any(a.HasField("g") or len(a.graphs) for a in node.attribute):
            raise ModelError(
                f"{said(node)} holds graphs of its own (a loop or branch); export the network without them"
            )
        for name in filter(None, node.output):
            if name in made:
                raise ModelError(f"{said(node)} makes {name!r}, which is made before; the file is broken")
            made.add(name)
    for where, name in _taken(graph, nodes):
        if name not in made:
            raise ModelError(f"{where} takes {name!r}, which nothing makes; the file is broken or cut off")


def _taken(graph: onnx.GraphProto, nodes: Sequence[NodeProto]) -> Iterator[tuple[str, str]]:
    yield from ((said(node), name) for node in nodes for name in node.input if name)
    yield from ((f"output {value.name}", value.name) for value in graph.output)
