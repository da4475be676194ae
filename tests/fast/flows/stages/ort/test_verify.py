"""How many vectors an emulated board is given: what its slowest graph allows for, and never too few."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.stages.ort import verify
from toolchain.errors import VerificationError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Add, Input
from toolchain.graph.types import TensorType
from toolchain.kernels.generate import c_source
from toolchain.kernels.library import write_library
from toolchain.results.check import Check
from toolchain.results.facts import LibraryFacts


@pytest.mark.parametrize(
    ("possible", "there", "count"),
    [([5000, 300], 1000, 300), ([5000, 5000], 1000, 1000), ([5000, 3], 1000, 32), ([5000, 3], 20, 20)],
)
def test_the_slowest_graph_bounds_the_vectors(
    monkeypatch: pytest.MonkeyPatch, possible: list[int], there: int, count: int
) -> None:
    found, asked = iter(possible), []

    def vectors_within(seconds: float, emulator: object, job: object, work: object) -> int:
        asked.append(seconds)
        return next(found)

    context: Any = SimpleNamespace(progress=lambda text: None, work=verify.Path("work"))
    made: Any = SimpleNamespace(vectors=SimpleNamespace(x=np.zeros((there, 4))))
    monkeypatch.setattr(verify, "_packed", lambda context: ["fp32", "qcdq"])
    monkeypatch.setattr(verify, "_job", lambda context, made, name, x: name)
    monkeypatch.setattr(verify, "vectors_within", vectors_within)
    emulator: Any = None
    assert verify._affordable(context, made, emulator) == count
    # Two graphs by two runners, twice each.
    assert asked == [600 / 8] * 2


def test_the_library_of_a_package_is_compiled_and_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a person would, in a copy; what a `make` around it was told does not matter."""
    monkeypatch.setenv("MAKEFLAGS", " -- CC=/bin/false")
    package, x = tmp_path / "package", np.array([[0], [255], [7]])
    context: Any = SimpleNamespace(
        progress=lambda text: None,
        work=tmp_path / "work",
        layout=SimpleNamespace(stage=lambda name: tmp_path / name),
        facts=lambda stage, kind: LibraryFacts(packed=3),
    )
    assert verify._library(context, "test set", {}) == {}
    graph = Graph()
    graph.add("x", Input(TensorType((1,), 0, 255)))
    graph.add("twice", Add((2,)), "x")
    graph.end("y", "twice")
    write_library(c_source(graph), package / "library", "net", {"x": x}, {"y": 2 * x}, proved=3, kind="test set")
    assert verify._library(context, "test set", {"CFLAGS": "-O0"}) == {"library": Check(3, 3, "outputs", "test set")}
    (package / "library" / "answers.bin").write_bytes(bytes(6))
    with pytest.raises(VerificationError, match=r"library: make test: .*differ"):
        verify._library(context, "test set", {"CFLAGS": "-O0"})
