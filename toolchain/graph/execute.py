"""The interpreter of the integer graph: exact, in chunks, so that memory stays small however many inputs there are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input
from toolchain.graph.types import Integers, TensorType

# Elements of the widest tensor of a chunk: a few megabytes, which stay near a core.
_CHUNK = 2**20


def run(graph: Graph, feeds: Mapping[str, NDArray[Any]], keep: Iterable[str] | None = None) -> dict[str, Integers]:
    """Execute the graph exactly.

    Args:
        feeds: integers for each input, shape (N, *shape of its type); whole floats are integers too.
        keep: names of the nodes whose tensors are wanted; those of the outputs where None.

    Returns:
        The wanted tensors, shape (N, ...), each in the dtype of its type.

    Raises:
        ModelError: an input is missing, or holds what its type does not; names the first such element.
    """
    wanted = tuple(dict.fromkeys(output.node for output in graph.outputs) if keep is None else keep)
    given = checked(graph, feeds)
    rows = len(next(iter(given.values())))
    if not rows:
        # Kinds need not know of empty batches: one vector has the shapes.
        one = {name: np.broadcast_to(graph.types[name].low, (1, *graph.types[name].shape)) for name in given}
        return {name: values[:0] for name, values in run(graph, one, wanted).items()}
    parts = list(_parts(graph, given, rows, wanted))
    return {name: np.concatenate([part[name] for part in parts]) for name in wanted}


def checked(graph: Graph, feeds: Mapping[str, NDArray[Any]]) -> dict[str, Integers]:
    """Values for each input of a graph, each in the dtype of its type.

    Raises:
        ModelError: an input is missing, or holds what its type does not; names the first such element.
    """
    given = {name: _checked(name, graph.types[name], feeds) for name in graph.inputs}
    counts = {len(values) for values in given.values()}
    if len(counts) != 1:
        raise ModelError(f"the inputs hold {' and '.join(map(str, sorted(counts)))} vectors; as many each are expected")
    return given


def run_one(graph: Graph, x: NDArray[Any], keep: Iterable[str] | None = None) -> dict[str, Integers]:
    """Execute a graph of one input; see `run`. Inputs of any shape that holds as many elements will do."""
    name = graph.sole_input
    shape = graph.types[name].shape
    if int(np.prod(x.shape[1:])) != graph.types[name].size:
        raise ModelError(f"inputs of shape {x.shape[1:]}; the network takes {shape}")
    return run(graph, {name: x.reshape(len(x), *shape)}, keep)


def _parts(
    graph: Graph, feeds: Mapping[str, Integers], rows: int, wanted: tuple[str, ...]
) -> Iterator[Mapping[str, Integers]]:
    widest = max(graph.types[node.name].size for node in graph)
    count = max(1, min(rows, _CHUNK // widest))
    needed = _needed(graph, wanted)

    def part(start: int) -> Mapping[str, Integers]:
        return _chunk(graph, {n: v[start : start + count] for n, v in feeds.items()}, wanted, needed)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(part, range(0, rows, count))


def _needed(graph: Graph, wanted: tuple[str, ...]) -> dict[str, int]:
    """How often each tensor is taken on the way to the wanted ones; others are not computed."""
    counts = dict.fromkeys(wanted, 1)
    for node in reversed(list(graph)):
        if node.name in counts:
            for name in node.inputs:
                counts[name] = counts.get(name, 0) + 1
    return counts


def _chunk(
    graph: Graph, feeds: Mapping[str, Integers], wanted: tuple[str, ...], needed: Mapping[str, int]
) -> Mapping[str, Integers]:
    values, left = dict(feeds), dict(needed)
    for node in graph:
        if node.name not in needed or isinstance(node.op, Input):
            continue
        result = node.op.run(*(values[name] for name in node.inputs))
        values[node.name] = result.astype(graph.types[node.name].dtype, copy=False)
        for name in node.inputs:
            left[name] -= 1
            if not left[name]:
                del values[name]
    return {name: values[name] for name in wanted}


def _checked(name: str, kind: TensorType, feeds: Mapping[str, NDArray[Any]]) -> Integers:
    if name not in feeds:
        raise ModelError(f"input {name!r} is given no values")
    x = np.asarray(feeds[name])
    if x.shape[1:] != kind.shape:
        raise ModelError(f"input {name!r}: shape {x.shape[1:]}; the network takes {kind.shape}")
    if x.dtype.kind not in "iubf":
        raise ModelError(f"input {name!r}: values of type {x.dtype}; whole numbers are expected")
    step = kind.element.step
    inside = (x >= kind.low) & (x <= kind.high)
    if x.dtype.kind == "f" or step > 1:
        with np.errstate(invalid="ignore"):
            inside &= (x - kind.low) % step == 0
    if not inside.all():
        _refuse(name, kind, x, ~inside)
    return x.astype(kind.dtype, copy=False)


def _refuse(name: str, kind: TensorType, x: NDArray[Any], wrong: NDArray[np.bool_]) -> None:
    place = np.unravel_index(int(np.argmax(wrong)), x.shape)
    low, high, step = int(kind.low[place[-1]]), int(kind.high[place[-1]]), kind.element.step
    steps = f" in steps of {step}" if step > 1 else ""
    raise ModelError(
        f"input {name!r}, vector {place[0]}, element {', '.join(map(str, place[1:]))} is {x[place]}; the network takes "
        f"{kind.element.datatype}: whole numbers from {low} to {high}{steps}"
    )
