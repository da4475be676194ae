"""A network's C, compiled for this machine, and called from here."""

from __future__ import annotations

import ctypes
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError, ToolError
from toolchain.files import write_atomic
from toolchain.graph.graph import Graph
from toolchain.graph.types import Integers
from toolchain.kernels.generate import CSource, c_source
from toolchain.kernels.text import ALIGNMENT
from toolchain.kernels.ways import WRITTEN, Ways

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror")
FAST = ("-O3", "-march=native")
PORTABLE = "-DMODEL_PORTABLE"
"""Leaves out what only some processors can do; see `toolchain.kernels.variants`."""

ROWS = 8
"""Rows at once on a processor that has memory for them."""

_BAD_VALUE = -3

# Vectors of a call: many, and few enough to share among cores.
_TOGETHER = 1024


class CompiledNetwork:
    """A network's C as a shared library.

    Args:
        graph: the network.
        folder: gets ``model.h``, ``model.c`` and ``libmodel.so``. A process loads a library once: no folder serves two
            networks.
        flags: of the compiler, beside those that allow no warning.
        rows, ways: see `c_source`.

    Raises:
        ModelError: a node kind has no kernel.
        ToolError: there is no C compiler, it fails, or it compiles for another machine.
    """

    def __init__(
        self, graph: Graph, folder: Path, flags: Sequence[str] = FAST, rows: int = ROWS, ways: Ways = WRITTEN
    ) -> None:
        self.source = c_source(graph, rows, ways)
        self._outputs = [t for t in self.source.tensors if t.output]
        self._inputs = [t for t in self.source.tensors if not t.output]
        write_sources(self.source, folder)
        compile_c([*flags, "-shared", "-fPIC", "-o", "libmodel.so", "model.c"], folder)
        self._run = _loaded(folder / "libmodel.so").model_run_batch

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, Integers]:
        """All outputs by their names, shape (N, ...), of inputs by theirs.

        Raises:
            ModelError: an input holds what its type does not.
        """
        xs = [np.ascontiguousarray(feeds[t.name], t.dtype).reshape(-1, t.type.size) for t in self._inputs]
        ys = [np.empty((len(xs[0]), t.type.size), t.dtype) for t in self._outputs]
        starts = range(0, len(xs[0]), _TOGETHER)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda start: self._some([v[start : start + _TOGETHER] for v in (*xs, *ys)], start), starts))
        return {t.name: y.reshape(len(y), *t.type.shape) for t, y in zip(self._outputs, ys, strict=True)}

    def _some(self, rows: Sequence[NDArray[Any]], first: int) -> None:
        memory, one = _aligned(self.source.memory.size), len(rows[0]) == 1
        given = [word for row in rows for word in (ctypes.c_void_p(row.ctypes.data), ctypes.c_size_t(row.size))]
        work = ctypes.c_void_p(memory.ctypes.data), ctypes.c_size_t(memory.size)
        code = self._run(*given, ctypes.c_size_t(len(rows[0])), *work)
        if code == _BAD_VALUE and not one:
            # Which one of them: each alone.
            for vector in range(len(rows[0])):
                self._some([row[vector : vector + 1] for row in rows], first + vector)
        if code:
            why = "an input holds what its type does not" if code == _BAD_VALUE else f"model_run_batch returned {code}"
            raise ModelError(f"vector {first}: {why}")


def write_sources(made: CSource, folder: Path) -> None:
    """Write ``model.h`` and ``model.c`` into a folder that is there."""
    write_atomic(folder / "model.h", made.header)
    write_atomic(folder / "model.c", made.source)


def compile_c(arguments: Sequence[str], folder: Path) -> None:
    """Run the C compiler, `CC` or gcc, in a folder.

    Raises:
        ToolError: there is none, or it fails or warns.
    """
    command = [*shlex.split(os.environ.get("CC", "gcc")), *STRICT, *arguments]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ToolError(f"{command[0]}: not on the PATH; install gcc, or name a compiler by CC=") from error
    if done.returncode:
        raise ToolError(f"{shlex.join(command)}: {done.stderr.strip()[:2000]}")


def _loaded(path: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise ToolError(f"{path}: cannot be loaded: {error}; name a compiler for this machine by CC=") from error


def _aligned(size: int) -> NDArray[np.uint8]:
    """Memory at an address that the work space may have."""
    memory = np.zeros(size + ALIGNMENT, np.uint8)
    return memory[-memory.ctypes.data % ALIGNMENT :][:size]
