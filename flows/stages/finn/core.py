"""The stitched core as its simulation wants it described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.stages.context import Context
from hls.stream import StreamCore
from toolchain.finn.lowering import lowered
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.results.core import StitchedCore, read_stitched


def stitched(context: Context) -> StitchedCore:
    """What the generate stage wrote."""
    return read_stitched(context.layout.stage("generate"))


def stream_core(core: StitchedCore) -> StreamCore:
    """The same, for the simulator."""
    return StreamCore(core.top, core.sources, core.input, core.layers, core.initiation_interval)


def expected(graph: Graph, x: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """What each layer of the stitched core must yield, each of shape (vectors, elements), to `x`, (vectors, inputs)."""
    answers = lowered(graph).answers
    values = run_one(graph, x, [node for node, _ in answers])
    for node, shift in answers:
        yield values[node].astype(np.int64).reshape(len(x), -1) - shift
