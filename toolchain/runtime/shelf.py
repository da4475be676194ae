"""Graphs as they are made of a network: one that cannot be made, or does not run, is left out with the reason."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

import onnx

from toolchain.errors import ModelError
from toolchain.results.options import RunOptions
from toolchain.runtime.rows import Rows, sides
from toolchain.runtime.session import open_session, run_session

_LOG = logging.getLogger(__name__)

Make = Callable[[], onnx.ModelProto]

# Vectors that a new graph is run on.
_TRIED = 4


@dataclass
class Shelf:
    """The graphs of one network.

    Attributes:
        x: inputs, shape (N, ...).
        reference: their answers, shape (N, ...), which tell how many numbers a graph must yield.
        graphs: by variant.
        left_out: variants that are not there, and why.
    """

    x: Rows
    reference: Rows
    graphs: dict[str, onnx.ModelProto] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, make: Make) -> None:
        """Make a graph, open it and run it on a few vectors."""
        try:
            graph = make()
            self._run(graph)
        except ModelError as error:
            self.left_out[name] = str(error).removeprefix(f"{name}: ")
            if error.__cause__ is not None:
                # What a library said itself, for whoever reads the log.
                _LOG.warning("%s is left out: %s", name, error.__cause__)
        else:
            self.graphs[name] = graph

    def _run(self, graph: onnx.ModelProto) -> None:
        wanted = self.reference[:_TRIED]
        answers = run_session(open_session(graph, RunOptions("none")), self.x[:_TRIED], 1)
        ours, theirs = ([part.shape for part in sides(rows)] for rows in (answers, wanted))
        if list(map(prod, ours)) != list(map(prod, theirs)):
            raise ModelError(f"yields shape {ours} where the reference has {theirs}")
