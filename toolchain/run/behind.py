"""The host's part of a split network, behind the answers of a board."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from toolchain.device.link.answers import Values
from toolchain.errors import ModelError
from toolchain.graph.file.store import load_graph
from toolchain.graph.types import Integers
from toolchain.kernels.quick import run
from toolchain.results.run import RunBehind, RunKind


class HostPart:
    """What the host computes of activations.

    Args:
        file: that `gateweave split` wrote.
        elements: of an answer of the board.

    Raises:
        ModelError: the file is no integer graph, or takes another number of activations.
    """

    def __init__(self, file: Path, elements: int) -> None:
        self._file, self._graph = file, load_graph(file)
        self._kind = self._graph.types[self._graph.sole_input]
        if self._kind.size != elements:
            raise ModelError(f"{file}: takes {self._kind.size:,} values; the board answers with {elements:,}")

    def of(self, answers: Sequence[Values], golden: Sequence[Values], kind: RunKind) -> RunBehind:
        """Compute the rest of both, and compare every output.

        Raises:
            ModelError: the board answered with a value that the part does not take.
        """
        started = time.perf_counter()
        found = self._run(answers)
        seconds = (time.perf_counter() - started) / max(1, len(answers))
        wanted = self._run(golden)
        equal = np.ones(len(answers), bool)
        for name, values in found.items():
            equal &= (values == wanted[name]).reshape(len(answers), -1).all(axis=1)
        return RunBehind(
            kind=kind, file=str(self._file), compared=len(answers), equal=int(equal.sum()), seconds=seconds
        )

    def _run(self, rows: Sequence[Values]) -> dict[str, Integers]:
        x = np.array(rows, np.int64).reshape(len(rows), *self._kind.shape)
        ends = list(dict.fromkeys(output.node for output in self._graph.outputs))
        return run(self._graph, {self._graph.sole_input: x}, ends)
