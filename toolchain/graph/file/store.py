"""Writing the integer graph to an ONNX file, and reading it back with every wire checked.

The file's metadata say of which nodes the graph is made, its constants hold their numbers, and its operators compute
the same. Reading makes the graph anew from the first two and writes it again: what does not come out as it stands in
the file has been rewired or altered, and is refused. So no wire of the file goes unchecked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import StringStringEntryProto, TensorAnnotation, TensorProto, helper, numpy_helper
from pydantic import BaseModel, ConfigDict, ValidationError

from toolchain.errors import ModelError
from toolchain.files import write_atomic
from toolchain.graph.file.fields import read_op, write_fields
from toolchain.graph.file.operators import QONNX, constant_name, operators_of
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax
from toolchain.graph.proto import read_proto
from toolchain.graph.types import TensorType

KEY = "gateweave.graph"
OPSET = 17


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Node(_Strict):
    name: str
    kind: str
    inputs: list[str]
    settings: dict[str, Any]


class _Output(_Strict):
    name: str
    node: str
    scale: float
    offset: float


class _Said(_Strict):
    version: Literal[1]
    nodes: list[_Node]
    outputs: list[_Output]


def save_graph(graph: Graph, path: Path) -> None:
    """Write the graph; equal graphs give equal bytes."""
    write_atomic(path, model_of(graph).SerializeToString(deterministic=True))


def load_graph(path: Path) -> Graph:
    """Read what `save_graph` wrote.

    Raises:
        ModelError: the file is missing, is none of ours, was written by another version, or has been altered.
    """
    model = read_proto(path)
    try:
        graph = _graph(model)
        _must_be(model, model_of(graph))
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    return graph


def is_graph(path: Path) -> bool:
    """Whether a file says that it is an integer graph."""
    try:
        return any(entry.key == KEY for entry in read_proto(path).metadata_props)
    except ModelError:
        return False


def model_of(graph: Graph) -> onnx.ModelProto:
    """The graph as an ONNX model, batch of one; integers travel as float32, labels as int64."""
    made = [operators_of(node, graph.types_into(node), graph.types[node.name]) for node in graph]
    inputs = [_value(name, graph.types[name]) for name in graph.inputs]
    ends = list(dict.fromkeys(output.node for output in graph.outputs))
    body = helper.make_graph(
        [node for group in made for node in group.nodes],
        "integer",
        inputs,
        [_value(name, graph.types[name], isinstance(graph[name].op, ArgMax)) for name in ends],
        [constant for group in made for constant in group.initializers],
    )
    inner = [item for group in made for item in group.annotated.items()]
    body.quantization_annotation.extend(_annotation(*item) for item in (*graph.types.items(), *inner))
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(QONNX, 2)]
    model = helper.make_model(body, producer_name="gateweave", opset_imports=opsets, ir_version=8)
    helper.set_model_props(model, {KEY: _said(graph).model_dump_json()})
    return model


def _said(graph: Graph) -> _Said:
    nodes = [
        _Node(name=n.name, kind=type(n.op).__name__, inputs=list(n.inputs), settings=write_fields(n.op)) for n in graph
    ]
    outputs = [_Output(name=o.name, node=o.node, scale=o.scale, offset=o.offset) for o in graph.outputs]
    return _Said(version=1, nodes=nodes, outputs=outputs)


def _value(name: str, kind: TensorType, label: bool = False) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.INT64 if label else TensorProto.FLOAT, [1, *kind.shape])


def _annotation(name: str, kind: TensorType) -> TensorAnnotation:
    entry = StringStringEntryProto(key="finn_datatype", value=kind.element.datatype)
    return TensorAnnotation(tensor_name=name, quant_parameter_tensor_names=[entry])


def _graph(model: onnx.ModelProto) -> Graph:
    said = _metadata(model)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    graph = Graph()
    for node in said.nodes:
        try:
            op = read_op(node.kind, node.settings, partial(_constant, constants, node.name))
        except ModelError as error:
            raise ModelError(f"node {node.name}: {error}") from error
        graph.add(node.name, op, *node.inputs)
    for output in said.outputs:
        graph.end(output.name, output.node, output.scale, output.offset)
    return graph


def _metadata(model: onnx.ModelProto) -> _Said:
    text = next((p.value for p in model.metadata_props if p.key == KEY), None)
    if text is None:
        raise ModelError("no integer graph of this version of Gateweave; run `make build` again")
    try:
        return _Said.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ModelError(f"{KEY}: {place}: {first['msg']}; run `make build` again") from error


def _constant(constants: Mapping[str, TensorProto], node: str, part: str) -> NDArray[np.int64]:
    name = constant_name(node, part)
    if name not in constants:
        raise ModelError(f"constant {name} is missing")
    values = numpy_helper.to_array(constants[name])
    if values.dtype.kind not in "fi" or not np.isfinite(values).all() or (np.abs(values) >= 2.0**62).any():
        raise ModelError(f"constant {name} holds no integers of 62 bits or fewer")
    if (values != np.rint(values)).any():
        raise ModelError(f"constant {name} holds fractions; whole numbers are expected")
    return values.astype(np.int64)


def _must_be(model: onnx.ModelProto, wanted: onnx.ModelProto) -> None:
    """Refuse a file whose operators are not those of the graph that it says it holds; names the first difference."""
    if model.SerializeToString(deterministic=True) == wanted.SerializeToString(deterministic=True):
        return
    parts = ("node", "initializer", "input", "output", "quantization_annotation", "value_info", "sparse_initializer")
    for part in parts:
        _must_be_alike(part, getattr(model.graph, part), getattr(wanted.graph, part))
    raise ModelError(f"it differs from the graph that its metadata ({KEY}) tell; run `make build` again")


def _must_be_alike(part: str, found: Sequence[Any], wanted: Sequence[Any]) -> None:
    for one, other in zip(found, wanted, strict=False):
        if one != other:
            name = getattr(other, "name", "") or getattr(other, "tensor_name", "")
            raise ModelError(
                f"{part} {name}: differs from the graph that the file's metadata ({KEY}) tell; "
                "the file has been altered; run `make build` again"
            )
    if len(found) != len(wanted):
        raise ModelError(f"{len(found)} entries of {part}; the graph that the metadata ({KEY}) tell has {len(wanted)}")
