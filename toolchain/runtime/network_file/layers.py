"""Which node of the integer graph first differs from the file: its integers against its framework's, node by node."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from toolchain.errors import GateweaveError
from toolchain.graph.execute import run
from toolchain.graph.types import Integers
from toolchain.runtime.network_file.opening import Opened
from toolchain.runtime.rows import Rows


def first_layer(opened: Opened, x: Rows, integers: Mapping[str, Integers]) -> str:
    """In words, to stand behind an error.

    Args:
        x: one vector, as the file takes it; integers: as the graph does.
    """
    graph = opened.source.graph
    places = {node.name: place for place, node in enumerate(graph)}
    seen = sorted((s for s in opened.source.seen if s.node in graph), key=lambda s: places[s.node])
    try:
        values = opened.inside(x, [s.tensor for s in seen])
        found = run(graph, integers, [s.node for s in seen])
    except GateweaveError as error:
        return f"; which node differs first cannot be told: {error}"
    for s in seen:
        wanted = s.integers(np.asarray(values[s.tensor])).reshape(found[s.node].shape)
        if (apart := np.flatnonzero(wanted != found[s.node])).size:
            place, told = int(apart[0]), f"{apart.size:,} of {wanted.size:,} elements, the first: {apart[0]}"
            return (
                f"; the first node that differs: {s.node} ({told}: {wanted.flat[place]} expected, "
                f"{found[s.node].flat[place]} found)"
            )
    return "; every node that can be compared agrees, so it is what stands behind them"
