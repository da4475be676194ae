"""Which format a network's file has, its integer graph, and what its own framework answers: one entry a format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.execute import run
from toolchain.graph.file.store import is_graph, load_graph
from toolchain.graph.graph import Graph, with_outputs
from toolchain.graph.labelled import scores_of
from toolchain.graph.lower import lower, qonnx_opset, tidy
from toolchain.graph.model_file import run_model
from toolchain.graph.qonnx_nodes import QUANTISERS, is_qonnx
from toolchain.graph.quantiser import read_quantising
from toolchain.graph.readers.qdq.reader import read_qdq
from toolchain.graph.readers.qdq.reference import run_reference as run_qdq
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.graph.readers.source import Arrays, Port, Seen, Source
from toolchain.graph.readers.tflite.reader import read_tflite
from toolchain.graph.readers.tflite.reference import run_reference as run_tflite
from toolchain.results.formats import FileFormat
from toolchain.runtime.executor import execute
from toolchain.runtime.load import Limits, load_untrusted, read_model
from toolchain.runtime.proof_vectors import Feed
from toolchain.runtime.rows import Rows, joined, parts_of
from toolchain.runtime.span import UNIT, Span, annotated_span, input_span, inputs_of, integer_span

Answer = Callable[[Rows], Rows]
"""Outputs of the file's own framework, shape (N, ...), for inputs of shape (N, ...)."""

Inside = Callable[[Rows, Sequence[str]], Arrays]
"""The framework's values of tensors of the file, by the names in `Seen`, for inputs of shape (N, ...)."""

_TFLITE_MARK = slice(4, 8), b"TFL3"
_QUANTISED = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"}


@dataclass(frozen=True)
class Opened:
    """A file that has been read.

    Attributes:
        source: the network as integers.
        reference: its own framework, and what that is called.
        inside: the same framework, tensor by tensor.
        feeds: its inputs, as vectors are made for them.
        lowered: the same as float operators, where rounding of floats may set the reference apart from the integers.
    """

    source: Source
    reference: Answer
    inside: Inside
    framework: str
    feeds: tuple[Feed, ...]
    lowered: onnx.ModelProto | None = None


def open_network(path: Path) -> Opened:
    """Read a network's file into the integer graph.

    Raises:
        ModelError: the file cannot be read so; names it, all that stands in the way, and the mend.
    """
    if is_tflite(path):
        source = read_tflite(path)
        feeds = tuple(map(_whole_range, source.inputs))
        return _opened(source, partial(run_tflite, path), "LiteRT's reference kernels", feeds)
    if is_graph(path):
        return _open_graph(load_graph(path))
    model = load_untrusted(path)
    try:
        return _open_qonnx(model) if is_qonnx(model) else open_quantised(model)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def format_of(path: Path) -> FileFormat:
    """The format of a network's file.

    Raises:
        ModelError: it is none of these.
    """
    if is_tflite(path):
        return "TFLite"
    if is_graph(path):
        return "Gateweave"
    return format_of_model(read_model(path, Limits()))


def format_of_model(model: onnx.ModelProto) -> FileFormat:
    """The format of an ONNX model."""
    return "QONNX" if is_qonnx(model) else "QDQ" if is_quantised(model) else "ONNX"


def is_tflite(path: Path) -> bool:
    """Whether a file bears the mark of TFLite's flatbuffers."""
    with path.open("rb") as stream:
        return stream.read(8)[_TFLITE_MARK[0]] == _TFLITE_MARK[1]


def is_quantised(model: onnx.ModelProto) -> bool:
    """Whether an ONNX model of no QONNX operators computes with integers."""
    return any(
        n.op_type in _QUANTISED or n.op_type.startswith("QLinear") or n.op_type.endswith("Integer")
        for n in model.graph.node
    )


def _open_graph(graph: Graph) -> Opened:
    """Our own integer graph, as a build leaves it, by its scores; the reference is the interpreter."""
    graph = with_outputs(graph, scores_of(graph) or graph.outputs)
    real = np.dtype(np.float32)
    kinds = {name: graph.types[name] for name in graph.inputs}
    inputs = tuple(Port(name, kind.shape, real, kind.element.datatype) for name, kind in kinds.items())
    outputs = tuple(Port(output.name, graph.types[output.node].shape, real) for output in graph.outputs)
    source = Source("Gateweave", graph, inputs, outputs, seen=tuple(Seen(n.name, n.name) for n in graph))

    def answer(x: Rows) -> Rows:
        found = run(graph, integers_in(x))
        return joined({o.name: (found[o.node] * o.scale + o.offset).astype(np.float32) for o in graph.outputs})

    def integers_in(x: Rows) -> Arrays:
        return {name: values.astype(np.int64) for name, values in parts_of(x, graph.inputs).items()}

    def inside(x: Rows, keep: Sequence[str]) -> Arrays:
        return run(graph, integers_in(x), keep)

    spans = {name: annotated_span(kind.element.datatype) for name, kind in kinds.items()}
    feeds = tuple(Feed(p.name, p.shape, np.float32, spans[p.name] or UNIT, spans[p.name]) for p in inputs)
    return Opened(source, answer, inside, "the interpreter of integer graphs", feeds)


def _open_qonnx(model: onnx.ModelProto) -> Opened:
    wrapper = tidy(model)
    lowered = lower(wrapper, qonnx_opset(model, _OPSET))
    source = read_qonnx(wrapper)
    names = [value.name for value in wrapper.graph.input]

    def inside(x: Rows, keep: Sequence[str]) -> Arrays:
        return run_model(wrapper, parts_of(x, names), tuple(keep), 1)

    feeds = qonnx_feeds(wrapper)
    return Opened(source, lambda x: execute(wrapper, x, lowered), inside, "the qonnx executor", feeds, lowered)


def qonnx_feeds(wrapper: ModelWrapper) -> tuple[Feed, ...]:
    """The inputs of a tidy QONNX model."""
    return tuple(_qonnx_feed(wrapper, value.name) for value in wrapper.graph.input)


def _qonnx_feed(wrapper: ModelWrapper, name: str) -> Feed:
    shape = tuple(int(size) for size in wrapper.get_tensor_shape(name)[1:])
    annotated = annotated_span(wrapper.get_tensor_datatype(name).name)
    return Feed(name, shape, np.float32, annotated or _quantised_span(wrapper, name), annotated)


def _quantised_span(wrapper: ModelWrapper, name: str) -> Span:
    """Range of the quantiser that an input goes to; 0 to 1 where it goes elsewhere."""
    node = wrapper.find_consumer(name)
    if node is None or node.op_type not in QUANTISERS:
        return UNIT
    said = read_quantising(node, {name: wrapper.get_initializer(name) for name in node.input[1:]})
    scale, zero = (float(np.abs(values).max()) for values in (said.scale, said.zero))
    return Span(scale * (said.least - zero), scale * (said.greatest - zero))


def open_quantised(model: onnx.ModelProto) -> Opened:
    """Read an ONNX model of 8-bit integers, QDQ or QOperator.

    Raises:
        ModelError: it is float, or cannot be read; the file is not named.
    """
    if not is_quantised(model):
        raise ModelError(
            "a float network: FPGAs compute with integers; train it with Brevitas and export QONNX, or quantise it to "
            "int8 (QDQ or TFLite); boards with ONNX Runtime take it as it is (BOARD=host)"
        )
    source = read_qdq(model)
    values = {value.name: value for value in inputs_of(model)}
    feeds = (Feed(p.name, p.shape, p.dtype.type, input_span(model, values[p.name])) for p in source.inputs)
    return _opened(source, partial(run_qdq, model), "ONNX Runtime's integer kernels", tuple(feeds))


_OPSET = 17


def _whole_range(port: Port) -> Feed:
    """An input of integers, of which each may come."""
    limits = np.iinfo(port.dtype)
    return Feed(port.name, port.shape, port.dtype.type, integer_span(int(limits.min), int(limits.max)))


def _opened(
    source: Source, run: Callable[[Arrays, Sequence[str]], Arrays], name: str, feeds: tuple[Feed, ...]
) -> Opened:
    """A file whose framework answers by names."""
    inputs, outputs = ([port.name for port in ports] for ports in (source.inputs, source.outputs))

    def answer(x: Rows) -> Rows:
        found = run(parts_of(x, inputs), ())
        return joined({name: np.asarray(found[name]) for name in outputs})

    return Opened(source, answer, lambda x, keep: run(parts_of(x, inputs), keep), name, feeds)
