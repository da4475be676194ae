"""A file's integer graph beside LiteRT's reference kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.fast.toolchain.graph.readers.tflite.flat import Flat
from toolchain.graph.execute import run
from toolchain.graph.readers.source import Source
from toolchain.graph.readers.tflite.reader import read_tflite
from toolchain.graph.readers.tflite.reference import run_reference


def vectors(source: Source, rows: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Random codes over the whole range, and the two ends of it."""
    random = np.random.default_rng(seed)
    found = {}
    for port in source.inputs:
        held = np.iinfo(port.dtype)
        x = random.integers(held.min, held.max + 1, (rows, *port.shape)).astype(port.dtype)
        x[0], x[1] = held.min, held.max
        found[port.name] = x
    return found


def ours(source: Source, feeds: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Each output of the file as the integer graph gives it, in the file's shape."""
    given = dict(zip(source.graph.inputs, feeds.values(), strict=True))
    found = run(source.graph, given)
    for node in source.graph:
        _inside(source, node.name, run(source.graph, given, [node.name])[node.name])
    return {
        port.name: found[output.node].reshape(-1, *port.shape)
        for output, port in zip(source.graph.outputs, source.outputs, strict=True)
    }


def _inside(source: Source, name: str, values: NDArray[Any]) -> None:
    kind = source.graph.types[name]
    assert (values >= kind.low).all() and (values <= kind.high).all() and ((values - kind.low) % kind.step == 0).all()


def equal(flat: Flat, folder: Path, rows: int = 6, seed: int = 0) -> Source:
    """The graph of a file, once it has been found equal to the reference on every output."""
    path = flat.save(folder / "made.tflite")
    source = read_tflite(path)
    feeds = vectors(source, rows, seed)
    wanted = run_reference(path, feeds)
    found = ours(source, feeds)
    for name, values in wanted.items():
        assert np.array_equal(found[name], values), f"{name}: {(found[name] != values).sum()} of {values.size} differ"
    return source
