"""Reads an ONNX file of 8-bit integers into the integer graph, exact to ONNX Runtime's integer kernels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.ops import ArgMax, Input
from toolchain.graph.quiet import quieted
from toolchain.graph.readers.growing import refuse
from toolchain.graph.readers.qdq.building import Building
from toolchain.graph.readers.qdq.ends import Border, front_of, tail_of
from toolchain.graph.readers.qdq.kernels import Scheme
from toolchain.graph.readers.qdq.model import Model, attributes, said
from toolchain.graph.readers.qdq.operators import MAKERS
from toolchain.graph.readers.qdq.quantisers import scheme_of
from toolchain.graph.readers.qdq.regions import Regions, regions_of, unknown
from toolchain.graph.readers.qdq.runtime import run_nodes
from toolchain.graph.readers.qdq.values import Codes, Fixed, Real, Sums, Value, Weights, channels_last
from toolchain.graph.readers.source import Seen, Source
from toolchain.graph.types import TensorType


def read_qdq(model: onnx.ModelProto) -> Source:
    """Read a QDQ or QLinear model; the graph's integers are the file's own 8-bit codes.

    Returns:
        The graph; its front quantises float inputs and puts channels last, its tail does the way back and what the file
        computes in float at its end.

    Raises:
        ModelError: the file is broken, float in part, or has operators that are not read: all of them, with the mend.
    """
    file = Model(model)
    regions = regions_of(file)
    refuse(unknown(regions.body, list(MAKERS)))
    b = Building(file)
    entrances = list(_start(b, regions))
    refuse(_read(b, regions))
    if _is_class(b, regions):
        front = front_of(b, regions.front, entrances)
        return _source(b, file, front, None)
    borders, tail = _end(b, regions)
    front = front_of(b, regions.front, entrances)
    whole = tail_of(b, tail, borders) if _needs_tail(b, tail, borders) else None
    return _source(b, file, front, whole)


def _source(b: Building, file: Model, front: onnx.ModelProto | None, tail: onnx.ModelProto | None) -> Source:
    ports = tuple(file.inputs), tuple(file.outputs)
    return Source("QDQ", quieted(b.graph), *ports, front, tail, tuple(b.notices), _seen(b))


def _seen(b: Building) -> tuple[Seen, ...]:
    """What quantisers of the file yield."""
    ends = [node.output[0] for node in b.model.nodes if node.op_type == "QuantizeLinear"]
    codes = {name: value for name in ends if isinstance(value := b.values.get(name), Codes)}
    return tuple(_one_seen(name, value) for name, value in codes.items() if value.node() not in b.graph.inputs)


def _one_seen(name: str, codes: Codes) -> Seen:
    place = codes.place
    order = None if place.order is None else np.argsort(place.order)
    return Seen(codes.node(), name, None if place.order is not None else place.axes, order)


def _start(b: Building, regions: Regions) -> Iterator[Border]:
    """Add the graph's inputs, channels last."""
    same = not regions.front and all(len(port.shape) == 1 for port in b.model.inputs)
    for tensor in regions.entrances:
        scheme, shape = _entrance(b, regions, tensor)
        place = channels_last(shape)
        low, high = scheme.ends
        name = tensor if same else f"{tensor}/codes"
        kind = TensorType(tuple(shape[axis] for axis in place.axes), low, high)
        b.values[tensor] = b.done(b.graph.add(name, Input(kind)), place)
        b.schemes[tensor] = scheme
        yield Border(tensor, name, place)


def _entrance(b: Building, regions: Regions, tensor: str) -> tuple[Scheme, tuple[int, ...]]:
    ports = {port.name: port for port in b.model.inputs}
    if tensor in ports:
        takers = [node for node in b.model.takers[tensor] if node.op_type == "DequantizeLinear"]
        if not takers:
            raise ModelError(
                f"input {tensor} is {ports[tensor].dtype}, and nothing says what it stands for; put a "
                "DequantizeLinear behind it"
            )
        return scheme_of(takers[0], b.model.constants), ports[tensor].shape
    zeros = {name: np.zeros((1, *port.shape), port.dtype) for name, port in ports.items()}
    names = {name for node in regions.front for name in node.input}
    feeds = {name: zeros.get(name, b.model.constants.get(name)) for name in names}
    given = {name: array for name, array in feeds.items() if array is not None}
    found = run_nodes(regions.front, given, tensor, b.model.opset)
    if found.ndim < 2 or len(found) != 1:
        raise ModelError(f"{tensor!r} has shape {list(found.shape)}; the batch should stay the first axis")
    return scheme_of(b.model.makers[tensor], b.model.constants), found.shape[1:]


def _read(b: Building, regions: Regions) -> Iterator[str]:
    """Add all nodes; gives what is wrong, without what follows from it."""
    lost: set[str] = set()
    for node in regions.body:
        if lost.intersection(node.input):
            lost.update(node.output)
            continue
        try:
            _make(b, node)
        except ModelError as error:
            lost.update(node.output)
            yield str(error) if str(error).startswith("node ") else f"{said(node)}: {error}"


def _make(b: Building, node: NodeProto) -> None:
    values = [b.values[name] for name in node.input if name]
    if node.op_type != "DequantizeLinear" and all(isinstance(value, (Fixed, Weights)) for value in values):
        b.values[node.output[0]] = _constant(b, node, values)
        return
    made = MAKERS[node.op_type](b, node)
    results = made if isinstance(made, list) else [made]
    for name, value in zip(node.output, results, strict=False):
        b.values[name] = value
    if node.op_type == "QuantizeLinear" and isinstance(made, Codes):
        made.node()


def _constant(b: Building, node: NodeProto, values: Sequence[Value]) -> Value:
    """What is made of dequantised constants."""
    first = values[0]
    if node.op_type == "Identity":
        return first
    if node.op_type == "Transpose" and isinstance(first, Weights):
        axes = first.codes.ndim
        order = next((tuple(a.ints) for a in node.attribute if a.name == "perm"), tuple(range(axes))[::-1])
        if sorted(order) != list(range(axes)):
            raise ModelError(f"order {order} of {axes} axes")
        return first.turned(order)
    feeds = {name: b.fixed(node, place) for place, name in enumerate(node.input) if name}
    return Fixed(np.asarray(run_nodes([node], feeds, node.output[0], b.model.opset)))


def _is_class(b: Building, regions: Regions) -> bool:
    """End the graph with the class, where the file does nothing but ArgMax of one row of codes behind it."""
    outputs = b.model.outputs
    if len(regions.tail) != 1 or len(outputs) != 1 or regions.tail[0].op_type != "ArgMax":
        return False
    node, settings = regions.tail[0], attributes(regions.tail[0])
    value = b.values.get(node.input[0])
    if not isinstance(value, Real) or value.steps or len(value.place.shape) != 1 or value.place.order is not None:
        return False
    if settings.get("axis", 0) not in (1, -1) or settings.get("select_last_index", 0):
        return False
    b.graph.end(outputs[0].name, b.add(node, "", ArgMax(), value.codes.node()))
    return True


def _end(b: Building, regions: Regions) -> tuple[list[Border], list[NodeProto]]:
    """Make tensors that go out of the graph its outputs; with the float nodes behind them."""
    steps: list[NodeProto] = []
    taken = {name for node in regions.tail for name in node.input if name}
    made = {name for node in regions.tail for name in node.output}
    wanted = [p.name for p in b.model.outputs if p.name not in made]
    wanted += [n for n in b.model.makers if n in taken and n not in made and n not in wanted]
    borders: list[Border] = []
    whole = not regions.tail and all(_is_plain(b.values.get(name)) for name in wanted)
    for name in wanted:
        value = b.values.get(name)
        if isinstance(value, Real) and value.steps:
            steps += [step for step in value.steps if all(step.output[0] != s.output[0] for s in steps)]
            name, value = _root(b, value)
        if value is None or isinstance(value, (Fixed, Weights)):
            continue
        if all(border.tensor != name for border in borders):
            borders.append(_border(b, name, value, name if whole else f"{name}/codes"))
    return borders, [*steps, *regions.tail]


def _root(b: Building, value: Real) -> tuple[str, Value]:
    """The float that a chain of functions begins with."""
    first = value.steps[0]
    name = next(n for n in first.input if isinstance(b.values.get(n), Real))
    return name, b.values[name]


def _is_plain(value: Value | None) -> bool:
    """Whether an output's integers are the graph's as they are."""
    return isinstance(value, Codes) and value.place.plain


def _border(b: Building, name: str, value: Value, output: str) -> Border:
    if isinstance(value, Codes):
        scheme = b.schemes[name]
        b.graph.end(output, value.node(), scheme.scale, -scheme.scale * scheme.zero)
        return Border(name, output, value.place, scheme)
    if isinstance(value, Real):
        scheme = value.scheme
        b.graph.end(output, value.codes.node(), scheme.scale, -scheme.scale * scheme.zero)
        return Border(name, output, value.place)
    if isinstance(value, Sums):
        shared = value.factor.size == 1
        b.graph.end(f"{name}/sums", value.node, float(value.factor[0]) if shared else 1.0)
        return Border(name, f"{name}/sums", value.place, None, None if shared else value.factor)
    raise ModelError(f"output {name} is float from the input on; quantise it")


def _needs_tail(b: Building, tail: Sequence[NodeProto], borders: Sequence[Border]) -> bool:
    names = [port.name for port in b.model.outputs]
    plain = all(border.scheme is not None and border.place.plain for border in borders)
    return bool(tail) or not plain or names != [border.tensor for border in borders]
