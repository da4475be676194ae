"""What the integer graph of a file answers, from the file's own inputs to its own outputs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.readers.source import Port, Source
from toolchain.graph.types import Integers
from toolchain.kernels.quick import run
from toolchain.progress import Progress
from toolchain.results.options import RunOptions
from toolchain.runtime.derive.graphs import answers
from toolchain.runtime.rows import Rows, joined, parts_of
from toolchain.runtime.session import open_session

# Vectors given to front and tail at once.
_BATCH = 256


def integers_of(source: Source, x: Rows) -> dict[str, Integers]:
    """What the graph's inputs are given for the file's, shape (N, ...), by the graph's names.

    Raises:
        ModelError: the front does not run, or yields what is no integer.
    """
    names, parts = source.graph.inputs, parts_of(x, [port.name for port in source.inputs])
    if source.front is None:
        pairs = zip(names, parts.values(), strict=True)
        return {name: part.reshape(len(x), *source.graph.types[name].shape) for name, part in pairs}
    fed = _run(source.front, {p.name: parts[p.name].astype(p.dtype, copy=False) for p in source.inputs})
    return {name: fed[name].reshape(len(x), *source.graph.types[name].shape) for name in names}


def outputs_of(source: Source, integers: Mapping[str, Integers], told: Progress = lambda text: None) -> Rows:
    """The file's outputs, shape (N, ...), for integers of the graph's inputs; `told` as in `quick.run`."""
    return finished(source, run(source.graph, integers, told=told))


def finished(source: Source, values: Mapping[str, Integers]) -> Rows:
    """The file's outputs, shape (N, ...), of the tensors that the graph's outputs are."""
    rows = len(next(iter(values.values())))
    scaled = {
        o.name: values[o.node] if whole else answers(o, values[o.node])
        for o, whole in zip(source.graph.outputs, source.whole_outputs, strict=True)
    }
    if source.tail is None:
        pairs = zip(scaled.values(), source.outputs, strict=True)
        return joined({port.name: _shaped(given, rows, port).astype(port.dtype) for given, port in pairs})
    found = _run(source.tail, scaled)
    return joined({port.name: _shaped(found[port.name], rows, port) for port in source.outputs})


def _shaped(values: NDArray[Any], rows: int, port: Port) -> NDArray[Any]:
    """In the output's shape; another number of values is an output that the file declares otherwise."""
    if values.size != rows * math.prod(port.shape):
        raise ModelError(
            f"output {port.name}: the file declares shape {list(port.shape)} behind the batch, and its nodes yield "
            f"{list(values.shape[1:])}; export it with the right shape, or with none"
        )
    return values.reshape(rows, *port.shape)


def _run(model: onnx.ModelProto, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """All outputs of a model of a free batch, without any optimisation."""
    session = open_session(model, RunOptions("none"))
    names = [value.name for value in session.get_outputs()]
    # An input of the file may be of no use to the part.
    feeds = {value.name: feeds[value.name] for value in session.get_inputs()}
    rows = len(next(iter(feeds.values())))
    parts = []
    for start in range(0, rows, _BATCH):
        chunk = {name: np.ascontiguousarray(values[start : start + _BATCH]) for name, values in feeds.items()}
        try:
            parts.append(session.run(names, chunk))
        except Exception as error:  # The binding raises a class of its own for every status.
            raise ModelError(f"what stands around the integer graph does not run: {error}") from error
    return {name: np.concatenate(values) for name, values in zip(names, zip(*parts, strict=True), strict=True)}
