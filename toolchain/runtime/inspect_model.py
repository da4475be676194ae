"""Static checks of an ONNX model that nobody vouches for: nothing here runs it or allocates what it asks for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError, first_line
from toolchain.graph.limits import check_annotations
from toolchain.graph.qonnx_nodes import GENERAL, OPERATORS, QUANTISERS
from toolchain.graph.quantiser import read_quantising
from toolchain.listed import some

MOST_SIDES = 16
"""Inputs, or outputs, of one model; as many as the runner in C takes."""

_CONTRIBUTED = "com.microsoft"


@dataclass(frozen=True)
class Limits:
    """How much a model may ask for.

    Attributes:
        file_bytes: of the file, and of its external data together.
        elements: of any one tensor.
        nodes: of all graphs together.
        depth: of graphs within graphs.
        seconds: on the clock, of the process that tries the model.
        memory_bytes: of every process that reads or runs it, and eight times the file's size.
        stage_seconds: on the clock, of each stage that makes, runs or proves its graphs.
    """

    file_bytes: int = 512 << 20
    elements: int = 1 << 28
    nodes: int = 100_000
    depth: int = 8
    memory_bytes: int = 3 << 29
    seconds: float = 60
    stage_seconds: float = 3600

    def memory(self, file_bytes: int) -> int:
        """Bytes that a process may take to read and run a model of this size: copies of its weights, and more."""
        return self.memory_bytes + 8 * file_bytes


def inspect(model: onnx.ModelProto, folder: Path, limits: Limits) -> None:
    """Check a parsed model before anything is done with it.

    Args:
        model: after `toolchain.graph.qonnx_nodes.normalised`.
        folder: where the file lies; external data must lie in it, too.

    Raises:
        ModelError: it is malformed, asks for too much, or uses what is not known; one line that names the part.
    """
    if not model.HasField("graph") or not model.graph.node:
        raise ModelError("no graph, or one without nodes: truncated, or not an ONNX model")
    if model.functions or model.training_info:
        raise ModelError("holds functions that cannot be inlined, or training information; export plain inference")
    opsets = _opsets(model)
    nodes = 0
    for graph, depth in _graphs(model.graph, limits):
        nodes += len(graph.node)
        if nodes > limits.nodes:
            raise ModelError(f"more than {limits.nodes} nodes")
        for node in graph.node:
            _check_operator(node, opsets)
        _check_order(graph, depth)
        _check_tensors(graph, folder, limits)
        _check_quantisers(graph)
    check_annotations(model)
    _check_interface(model.graph)


def _opsets(model: onnx.ModelProto) -> dict[str, int]:
    opsets = {("" if o.domain == "ai.onnx" else o.domain): int(o.version) for o in model.opset_import}
    newest = onnx.defs.onnx_opset_version()
    if not 7 <= opsets.get("", 0) <= newest:
        raise ModelError(f"opset {opsets.get('', 'unknown')}: should be 7 to {newest}; export it with opset 17")
    known = {"", "ai.onnx.ml", _CONTRIBUTED, *OPERATORS}
    used = {node.domain for node in model.graph.node} - {"ai.onnx"}
    if strange := sorted(used - known):
        raise ModelError(f"operators of unknown domain {strange[0]!r}; known are {', '.join(sorted(known - {''}))}")
    return opsets


def _graphs(graph: GraphProto, limits: Limits, depth: int = 1) -> Iterator[tuple[GraphProto, int]]:
    if depth > limits.depth:
        raise ModelError(f"graphs nested too deeply: more than {limits.depth} levels")
    yield graph, depth
    for node in graph.node:
        for attribute in node.attribute:
            inner = [attribute.g] if attribute.HasField("g") else list(attribute.graphs)
            for each in inner:
                yield from _graphs(each, limits, depth + 1)


def _name(node: NodeProto) -> str:
    return node.name or (node.output[0] if node.output else "without a name")


def _check_operator(node: NodeProto, opsets: dict[str, int]) -> None:
    domain = "" if node.domain == "ai.onnx" else node.domain
    if domain in OPERATORS:
        if node.op_type not in OPERATORS[domain]:
            raise ModelError(
                f"node {_name(node)}: operator {node.op_type} of {domain} is unknown; "
                f"known are {', '.join(sorted(OPERATORS[domain]))}"
            )
        return
    if domain == _CONTRIBUTED:
        return
    if not onnx.defs.has(node.op_type, opsets.get(domain, 1), domain):
        version = opsets.get(domain, 1)
        raise ModelError(f"node {_name(node)}: operator {node.op_type} is unknown in opset {version}")


def _check_order(graph: GraphProto, depth: int) -> None:
    """Each tensor is made once and before it is taken, which rules out cycles."""
    made = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    made |= {tensor.values.name for tensor in graph.sparse_initializer}
    later = {name for node in graph.node for name in node.output if name}
    for node in graph.node:
        for name in node.input:
            if name and name not in made:
                # Inner graphs may take tensors of the graph around them.
                if depth == 1 and name not in later:
                    raise ModelError(f"node {_name(node)}: its input {name!r} is made by no node")
                if name in later:
                    raise ModelError(
                        f"node {_name(node)}: its input {name!r} is made by itself or a later node: a cycle"
                    )
        for name in node.output:
            if name and name in made:
                raise ModelError(f"node {_name(node)}: tensor {name!r} is made twice")
            made.add(name)
    for value in graph.output:
        if value.name not in made and depth == 1:
            raise ModelError(f"output {value.name!r} is made by no node")


def _check_tensors(graph: GraphProto, folder: Path, limits: Limits) -> None:
    external = 0
    for tensor in _tensors(graph):
        check_size(tensor.name, tensor.dims, limits)
        if tensor.data_location == TensorProto.EXTERNAL:
            external += _check_external(tensor, folder)
            if external > limits.file_bytes:
                raise ModelError(f"external data of more than {limits.file_bytes >> 20} MiB")
        elif tensor.HasField("raw_data"):
            _check_raw(tensor)
    for value in (*graph.input, *graph.output, *graph.value_info):
        dimensions = [d.dim_value if d.HasField("dim_value") else 1 for d in value.type.tensor_type.shape.dim]
        check_size(value.name, dimensions, limits)


def _check_quantisers(graph: GraphProto) -> None:
    """What can be told of quantisers without running anything: parameters that lie in the file as they are."""
    inside = {t.name: t for t in graph.initializer if t.data_location != TensorProto.EXTERNAL}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
            inside[node.output[0]] = node.attribute[0].t
    for node in graph.node:
        if node.domain == GENERAL and node.op_type in QUANTISERS and all(n in inside for n in node.input[1:]):
            read_quantising(node, {name: _values(inside[name]) for name in node.input[1:]})


def _values(tensor: TensorProto) -> Any:
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, RuntimeError, KeyError) as error:
        raise ModelError(f"tensor {tensor.name!r}: its values cannot be read: {first_line(error)}") from error


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def check_size(name: str, dimensions: Iterable[int], limits: Limits) -> None:
    """Check a tensor's shape.

    Raises:
        ModelError: it has negative sizes, or more elements than allowed.
    """
    sizes = [int(size) for size in dimensions]
    if any(size < 0 for size in sizes):
        raise ModelError(f"tensor {name!r}: negative size in shape ({some(sizes, 8)})")
    if len(sizes) > 16 or math.prod(sizes) > limits.elements:
        raise ModelError(f"tensor {name!r}: shape {sizes[:8]} is beyond {limits.elements:,} elements")


def _check_raw(tensor: TensorProto) -> None:
    try:
        item = int(helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    except (KeyError, ValueError, TypeError) as error:
        raise ModelError(f"tensor {tensor.name!r}: unknown element type {tensor.data_type}") from error
    wanted = math.prod(tensor.dims) * item
    # Types below 8 bits are packed: fewer bytes than elements.
    if len(tensor.raw_data) > wanted or (len(tensor.raw_data) < wanted and item > 1):
        raise ModelError(f"tensor {tensor.name!r}: {len(tensor.raw_data)} bytes of data where {wanted} were expected")


def _check_external(tensor: TensorProto, folder: Path) -> int:
    """Bytes of a tensor's external data, which must lie within the model's folder, links followed."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    root = folder.resolve()
    target = (root / location).resolve()
    if not location or Path(location).is_absolute() or not target.is_relative_to(root):
        raise ModelError(f"tensor {tensor.name!r}: external data {location!r} lies outside the model's folder")
    if not target.is_file():
        raise ModelError(f"tensor {tensor.name!r}: external data {location!r} is missing beside the model")
    try:
        offset, length = (int(entries.get(key) or 0) for key in ("offset", "length"))
    except ValueError as error:
        raise ModelError(f"tensor {tensor.name!r}: external data with an offset that is no number") from error
    size = target.stat().st_size
    if offset < 0 or length < 0 or offset + length > size:
        raise ModelError(f"tensor {tensor.name!r}: external data beyond the end of {location!r}")
    return length or size - offset


def _check_interface(graph: GraphProto) -> None:
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    for what, values in (("inputs", inputs), ("outputs", graph.output)):
        if not 1 <= len(values) <= MOST_SIDES:
            raise ModelError(f"{len(values)} {what} ({some(v.name for v in values)}); 1 to {MOST_SIDES} are supported")
