"""A library's folder as a person uses it: make, its own test, Python, and what it says of a broken copy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.kernels.networks import feeds_of, small_values
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Add, Input, Linear, Reduce, Reshape, Threshold, window
from toolchain.graph.types import TensorType
from toolchain.kernels.generate import c_source
from toolchain.kernels.library import write_library
from toolchain.kernels.planes import LANES


def network() -> Graph:
    """Two inputs, one by a pooled convolution; an output for either, with names that C does not take."""
    random, graph = np.random.default_rng(4), Graph()
    graph.add("first:0", Input(TensorType((6, 6, 3), -8, 7)))
    graph.add("2nd", Input(TensorType((2,), 0, 255)))
    graph.add("window", window((3, 3)), "first:0")
    graph.add("sums", Linear(random.integers(-100, 100, (27, 2)), np.zeros(2, np.int64), taps=9), "window")
    graph.add("codes", Threshold(np.sort(random.integers(-999, 999, (2, 40)))), "sums")
    graph.add("pools", window((4, 4)), "codes")
    graph.add("pooled", Reduce("max", 16), "pools")
    graph.add("flat", Linear(np.eye(2, dtype=np.int64) * 3, np.zeros(2, np.int64)), "2nd")
    graph.add("reshaped", Reshape((2,)), "pooled")
    graph.add("both", Add((1, 2)), "flat", "reshaped")
    graph.end("sum/of both", "both", 0.25, -1.0)
    graph.end("flat", "flat")
    return graph


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder, graph = tmp_path_factory.mktemp("library"), network()
    feeds = feeds_of(graph, 1, 30)
    found = run(graph, feeds)
    answers = {output.name: found[output.node] for output in graph.outputs}
    write_library(c_source(graph), folder, "two", feeds, answers, proved=30, kind="random vectors")
    subprocess.run(["make", "CFLAGS=-O1"], cwd=folder, check=True, capture_output=True)
    yield folder


def test_its_own_test_passes_and_finds_a_wrong_answer(library: Path) -> None:
    def test() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", "--no-print-directory", "test", "CFLAGS=-O1"], cwd=library, capture_output=True, text=True
        )

    assert test().stdout.endswith("all answers equal\n")
    answers = library / "answers.bin"
    right = answers.read_bytes()
    answers.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    assert test().returncode and "differ" in test().stdout
    answers.write_bytes(right)


def test_an_input_beyond_its_type_ends_the_program(library: Path) -> None:
    vectors = (library / "vectors.bin").read_bytes()
    done = subprocess.run([library / "example"], input=b"\x7f" + vectors[1:], capture_output=True)
    assert (done.returncode, done.stderr) == (1, b"model_run: -3, see model.h\n")


def test_python_gives_integers_and_refuses_other_inputs(library: Path) -> None:
    code = (
        "import model, numpy as np\n"
        "first, second = np.full((2, 6, 6, 3), -8), np.array([[1, 2], [3, 4]])\n"
        "print([y.tolist() for y in model.run(first, second)][1], list(model.OUTPUTS))\n"
        "for wrong in ((first,), (first[0], second), (first + 300, second), (first - 1, second)):\n"
        "    try: model.run(*wrong)\n"
        "    except ValueError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=library, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "[[3, 6], [9, 12]] ['sum/of both', 'flat']",
        "1 inputs; the network takes first:0, 2nd",
        "input first:0: int8 of shape (N, 6, 6, 3) is expected",
        "input first:0: int8 of shape (N, 6, 6, 3) is expected",
        "an input holds what its type does not",
    ]


def test_its_own_test_gives_many_vectors_at_once_to_what_takes_them_by_bits(tmp_path: Path) -> None:
    graph = small_values(1, 0, 1)
    feeds = feeds_of(graph, 1, LANES + 9)
    found = run(graph, feeds)
    answers = {output.name: found[output.node] for output in graph.outputs}
    write_library(c_source(graph, 8), tmp_path, "bits", feeds, answers, proved=9, kind="random vectors")
    assert f"MANY = {LANES}" in (tmp_path / "example.c").read_text()
    subprocess.run(["make", "test", "CFLAGS=-O1"], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("cmake") is None, reason="no cmake")
def test_cmake_makes_what_make_does(library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(library, folder, ignore=shutil.ignore_patterns("*.o", "*.a", "*.so", "example"))
    for words in (["-B", "build"], ["--build", "build"]):
        subprocess.run(["cmake", *words], cwd=folder, check=True, capture_output=True)
    given = (folder / "vectors.bin").read_bytes()
    answers = subprocess.run([folder / "build" / "example"], input=given, check=True, capture_output=True).stdout
    assert answers == (folder / "answers.bin").read_bytes()
    assert (folder / "build" / "libmodel.a").exists()
    subprocess.run([sys.executable, "-c", "import model"], cwd=folder, check=True)
