"""The interpreter's answers to many vectors, by compiled C that is held against the interpreter first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError, ToolError, VerificationError, first_line
from toolchain.graph import execute
from toolchain.graph.graph import Graph, Output, with_outputs
from toolchain.graph.types import Integers
from toolchain.kernels.compiled import CompiledNetwork
from toolchain.progress import Progress

SAMPLE = 1000
"""Vectors, spread evenly over all, that the interpreter answers, too; so many or fewer it answers alone."""

Named = Mapping[str, Integers]


def run(
    graph: Graph,
    feeds: Mapping[str, NDArray[Any]],
    keep: Iterable[str] | None = None,
    told: Progress = lambda text: None,
) -> dict[str, Integers]:
    """As `toolchain.graph.execute.run`, sooner where there are many vectors.

    Args:
        told: learns why the interpreter has to answer many vectors alone.

    Raises:
        ModelError: an input is missing, or holds what its type does not; names the first such element.
        VerificationError: the C answers otherwise than the interpreter; names the first vector and node.
    """
    wanted = tuple(dict.fromkeys(output.node for output in graph.outputs) if keep is None else keep)
    given = execute.checked(graph, feeds)
    rows = len(next(iter(given.values())))
    if rows <= SAMPLE:
        return execute.run(graph, given, wanted)
    part = with_outputs(graph, [Output(name, name) for name in wanted])
    with TemporaryDirectory(prefix="gateweave-") as folder:
        try:
            network = CompiledNetwork(part, Path(folder))
        except (ModelError, ToolError) as error:
            told(f"{rows:,} vectors by the interpreter, since there is no compiled C: {first_line(error)}")
            return execute.run(graph, given, wanted)
    found = network.run({name: given[name] for name in part.inputs})
    must_agree(part, given, found)
    return {name: values.astype(graph.types[name].dtype, copy=False) for name, values in found.items()}


def must_agree(graph: Graph, feeds: Named, found: Named) -> int:
    """Hold a graph's outputs, by their names, against the interpreter on some of all vectors; returns how many.

    Raises:
        VerificationError: one differs; names the vector and the output.
    """
    rows = len(next(iter(feeds.values())))
    some = sample(rows)
    expected = execute.run(graph, {name: feeds[name][some] for name in graph.inputs})
    for output in graph.outputs:
        same = (found[output.name][some] == expected[output.node]).reshape(len(some), -1).all(axis=1)
        if not same.all():
            first = int(some[np.argmin(same)])
            raise VerificationError(
                f"vector {first}: output {output.name}: the compiled C answers otherwise than the interpreter"
            )
    return len(some)


def sample(rows: int) -> NDArray[np.int64]:
    """Numbers of the vectors that the interpreter answers: `SAMPLE` of them, spread evenly, or all."""
    count = min(rows, SAMPLE)
    return np.arange(count, dtype=np.int64) * rows // count
