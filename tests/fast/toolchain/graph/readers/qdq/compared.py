"""The integer graph of a model held against ONNX Runtime's kernels, on every output."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.graph.execute import run
from toolchain.graph.readers.qdq.reader import read_qdq
from toolchain.graph.readers.qdq.reference import run_reference
from toolchain.graph.readers.qdq.runtime import session_of
from toolchain.graph.readers.source import Source


def random_feeds(source: Source, rows: int, seed: int = 0, reach: float = 4.0) -> dict[str, NDArray[Any]]:
    """Random vectors over the whole range of codes, and somewhat beyond it for floats."""
    random = np.random.default_rng(seed)
    feeds = {}
    for port in source.inputs:
        if port.dtype.kind == "f":
            feeds[port.name] = random.uniform(-reach, reach, (rows, *port.shape)).astype(np.float32)
        else:
            limits = np.iinfo(port.dtype)
            feeds[port.name] = random.integers(limits.min, limits.max + 1, (rows, *port.shape)).astype(port.dtype)
    return feeds


def answers(source: Source, feeds: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The file's outputs by way of the integer graph."""
    rows = len(next(iter(feeds.values())))
    integers: dict[str, NDArray[Any]] = {}
    if source.front is None:
        integers = {name: feeds[name].astype(np.int64) for name in source.graph.inputs}
    else:
        session = session_of(source.front)
        given = {i.name: feeds[i.name] for i in session.get_inputs()}
        names = [o.name for o in session.get_outputs()]
        integers = dict(zip(names, session.run(names, given), strict=True))
    values = run(source.graph, integers)
    if source.tail is None:
        pairs = zip(source.graph.outputs, source.outputs, strict=True)
        return {port.name: values[o.node].reshape(rows, *port.shape).astype(port.dtype) for o, port in pairs}
    scaled = {o.name: (values[o.node] * o.scale + o.offset).astype(np.float32) for o in source.graph.outputs}
    tail = session_of(source.tail)
    names = [o.name for o in tail.get_outputs()]
    return dict(zip(names, tail.run(names, scaled), strict=True))


def differing(model: onnx.ModelProto, rows: int = 32, seed: int = 0, reach: float = 4.0) -> int:
    """Elements of all outputs in which the graph and ONNX Runtime's kernels differ, of random vectors."""
    source = read_qdq(model)
    feeds = random_feeds(source, rows, seed, reach)
    wanted, got = run_reference(model, feeds), answers(source, feeds)
    assert set(wanted) == {port.name for port in source.outputs} == set(got)
    for name, values in wanted.items():
        assert values.shape == got[name].shape
        assert values.dtype == got[name].dtype
    return sum(int((values != got[name]).sum()) for name, values in wanted.items())
