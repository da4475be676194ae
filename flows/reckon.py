"""Reckons what a network's file takes on a board: `python -m flows.reckon FILE BOARD FLOW`, for `gateweave check`.

The last line is a verdict as JSON. The file is read in a process of bounded memory and time.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from flows.stages.context import Context
from flows.stages.rtl.design import choose_for
from flows.stages.rtl.refusing import explained
from flows.stages.rtl.shell import shell_of
from toolchain.bounded import Bounds, OutOfBoundsError, bounded
from toolchain.errors import FitError, ModelError
from toolchain.graph.labelled import as_chain
from toolchain.layout import Layout, Request
from toolchain.results.checked import Reckoned, Verdict
from toolchain.runtime.load import Limits
from toolchain.runtime.network_file.opening import open_network

_SECONDS = 300


def reckon(path: Path, board: str, flow: str) -> Verdict:
    """Whether a board holds the network by our own RTL, and what it then takes."""
    bounds = Bounds(Limits().memory(path.stat().st_size), _SECONDS)
    try:
        made = bounded("reckoning this network's size", lambda: _reckoned(path, board, flow), bounds)
    except OutOfBoundsError as error:
        return Verdict(board=board, flow=flow, takes=True, why=f"as our own RTL, if it fits: {error}", estimate=None)
    except (FitError, ModelError) as error:
        return Verdict(board=board, flow=flow, takes=False, why=str(error), estimate=None)
    kind = "a core of units" if made.core == "units" else "a chain of dense layers"
    return Verdict(board=board, flow=flow, takes=True, why=f"as {kind}", estimate=made)


def _reckoned(path: Path, board: str, flow: str) -> Reckoned:
    request, nowhere = Request(board, path.stem, flow=flow, file=str(path)), Path(os.devnull)
    context = Context("check", request, Layout(request, nowhere), nowhere)
    source = open_network(path).source
    chain = as_chain(source)
    graph = source.graph if chain is None else chain.graph
    link = shell_of(context.board).cost
    return explained(context, graph, lambda: choose_for(context, graph, link).reckon(context, link))


if __name__ == "__main__":
    print(json.dumps(reckon(Path(sys.argv[1]), *sys.argv[2:4]).model_dump(mode="json")))
