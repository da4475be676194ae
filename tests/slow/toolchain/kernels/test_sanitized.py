"""A network's C as a program of its own, with the sanitizers of addresses and of what C leaves undefined."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.kernels.networks import CONVOLUTIONS, bytes_by_bytes, feeds_of, small_values
from tests.fast.toolchain.runtime.derive import random_graphs as by_ends
from tests.sim.hls import random_graphs as by_kinds
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear
from toolchain.graph.types import Integers, TensorType
from toolchain.kernels.c_text import c_type
from toolchain.kernels.compiled import PORTABLE, compile_c, write_sources
from toolchain.kernels.generate import CSource, c_source
from toolchain.kernels.planes import LANES

_SANITIZERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_TRAPPED = ("-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
"""What is undefined ends the program, without a library that would tell of it."""

_ARM, _PLAYER = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
_BUILDS = ([PORTABLE], ["-mavx2"], ["-march=native"])


@pytest.mark.parametrize("seed", range(100, 112))
def test_random_networks_of_every_node_kind(seed: int, tmp_path: Path) -> None:
    _must_agree(by_kinds.random_graph(np.random.default_rng(seed)), seed, tmp_path)


@pytest.mark.parametrize("seed", range(100, 112))
def test_random_networks_of_several_inputs_and_outputs(seed: int, tmp_path: Path) -> None:
    _must_agree(by_ends.random_graph(seed), seed, tmp_path)


@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("own", ["-mavx2", "-march=native"])
def test_convolutions_that_run_whole(name: str, own: str, tmp_path: Path) -> None:
    _must_answer(CONVOLUTIONS[name], 4, tmp_path, 8, [*_SANITIZERS, own])


def test_bits_that_are_counted(tmp_path: Path) -> None:
    graph = Graph()
    graph.add("x", Input(TensorType((3, 75), 0, 1)))
    graph.add("y", Linear(np.random.default_rng(1).integers(-1, 2, (75, 21)), np.arange(21)), "x")
    graph.end("y", "y")
    _must_answer(graph, 1, tmp_path, 8, [*_SANITIZERS, "-march=native"])


@pytest.mark.parametrize("own", _BUILDS)
def test_many_vectors_by_bits(own: Sequence[str], tmp_path: Path) -> None:
    """More than go at once, and some that go alone."""
    _must_answer(small_values(5, -3, 2), 1, tmp_path, 8, [*_SANITIZERS, *own], together=LANES + 3)


def _must_agree(graph: Graph, seed: int, folder: Path) -> None:
    """Each tensor and the work space are memory of their own, so that a step beyond any of them is seen."""
    # Each processor's own instructions in turn, with one row at a time and with several.
    own, rows = _BUILDS[seed % len(_BUILDS)], (1, 8)[seed // 2 % 2]
    _must_answer(graph, seed, folder, rows, [*_SANITIZERS, *own])


_needs_arm = pytest.mark.skipif(not all(map(shutil.which, (_ARM, _PLAYER))), reason=f"no {_ARM} or no {_PLAYER}")
_MARCH = ("armv8-a", "armv8.2-a+dotprod")
_REACHING = (
    "several blocks",
    "bytes that fill no word",
    "a channel each, none fills a register",
    "a channel each, apart",
)
"""Convolutions whose registers are longer than what is left of a line or a tensor."""


@_needs_arm
@pytest.mark.parametrize("march", _MARCH)
@pytest.mark.parametrize("seed", range(100, 104))
def test_dot_products_of_arm_in_an_emulator(
    seed: int, march: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", _ARM)
    flags, play = ["-O2", "-static", *_TRAPPED, f"-march={march}"], [_PLAYER, "-cpu", "max"]
    for number, graph in enumerate((bytes_by_bytes(-3), bytes_by_bytes(0), by_ends.random_graph(seed))):
        folder = tmp_path / str(number)
        folder.mkdir()
        _must_answer(graph, seed, folder, (1, 8)[seed % 2], flags, play)


@_needs_arm
@pytest.mark.parametrize("march", _MARCH)
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_that_run_whole_on_arm(
    name: str, march: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", _ARM)
    flags = ["-O2", "-static", *_TRAPPED, f"-march={march}"]
    _must_answer(CONVOLUTIONS[name], 4, tmp_path, 8, flags, [_PLAYER, "-cpu", "max"], together=2)


@_needs_arm
@pytest.mark.parametrize(
    ("graph", "march"),
    [
        *((bytes_by_bytes(0), march) for march in _MARCH),
        *((CONVOLUTIONS[name], march) for name, march in zip(_REACHING, 2 * _MARCH, strict=True)),
    ],
)
def test_what_arm_has_instructions_for_stays_within_its_memory(
    graph: Graph, march: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls alone: the sanitizer takes a second of each to begin in an emulator, which has no way to find leaks."""
    monkeypatch.setenv("CC", _ARM)
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")
    play = [_PLAYER, "-cpu", "max", "-L", "/usr/aarch64-linux-gnu"]
    _must_answer(graph, 1, tmp_path, 8, [*_SANITIZERS, f"-march={march}"], play, together=2)


def _must_answer(
    graph: Graph,
    seed: int,
    folder: Path,
    rows: int,
    flags: Sequence[str],
    play: Sequence[str] = (),
    together: int = 1,
) -> None:
    """As many vectors `together` as one call takes, some calls."""
    calls = 8 if together == 1 else 2
    made, feeds = c_source(graph, rows), feeds_of(graph, seed, calls * together)
    write_sources(made, folder)
    (folder / "main.c").write_text(_program(made, together))
    compile_c([*flags, "-o", "main", "main.c", "model.c"], folder)
    expected = run(graph, feeds)
    for call in range(calls):
        some = slice(call * together, (call + 1) * together)
        given = b"".join(_bytes(feeds[t.name][some], t.dtype) for t in made.tensors if not t.output)
        done = subprocess.run([*play, folder / "main"], input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[:3000]
        answers = (_bytes(expected[t.output.node][some], t.dtype) for t in made.tensors if t.output)
        assert done.stdout == b"".join(answers)


def _bytes(values: Integers, dtype: np.dtype[np.signedinteger]) -> bytes:
    return values.astype(dtype).tobytes()


def _program(made: CSource, vectors: int) -> str:
    """Reads some vectors, runs them in one call, writes what it gives."""
    lines = ['#include "model.h"', "#include <stdio.h>", "#include <stdlib.h>", "int main(void)", "{"]
    for tensor in made.tensors:
        name, kind, count = tensor.c_name, c_type(tensor.dtype), f"{vectors} * {tensor.macro}"
        lines.append(f"{kind} *{name} = malloc({count} * sizeof({kind}));")
        if not tensor.output:
            lines.append(f"if (fread({name}, sizeof({kind}), {count}, stdin) != {count}) return 1;")
    lines.append("void *work = malloc(MODEL_WORK_BYTES);")
    given = ", ".join(f"{tensor.c_name}, {vectors} * {tensor.macro}" for tensor in made.tensors)
    call = f"model_run({given}, " if vectors == 1 else f"model_run_batch({given}, {vectors}, "
    lines.append(f"if ({call}work, MODEL_WORK_BYTES) != MODEL_OK) return 2;")
    for tensor in made.tensors:
        if tensor.output:
            lines.append(f"fwrite({tensor.c_name}, sizeof(*{tensor.c_name}), {vectors} * {tensor.macro}, stdout);")
        lines.append(f"free({tensor.c_name});")
    return "\n".join([*lines, "free(work);", "return 0;", "}\n"])
