"""C that stops early: the interpreter's answers, and nothing run that no answer needs."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from tests.fast.toolchain.graph.staged_graphs import CLASSES, WIDTHS, decides, nested, staged, vectors
from tests.fast.toolchain.kernels.networks import must_agree
from toolchain.graph.deciding import deciding, thresholds_of_width
from toolchain.kernels.compiled import CompiledNetwork


@pytest.mark.parametrize(("stages", "dual"), [(2, False), (3, False), (2, True), (3, True)])
def test_the_answers_are_the_interpreters(stages: int, dual: bool, tmp_path: Path) -> None:
    graph = staged(stages, dual=dual)
    x = vectors(graph, 100)
    made = decides(graph, x)
    must_agree(
        made, {"x": x}, CompiledNetwork(made, tmp_path, ("-O1", "-fsanitize=undefined", "-fno-sanitize-recover"))
    )


def test_a_width_is_chosen_by_a_call(tmp_path: Path) -> None:
    graph = nested(6)
    x = vectors(graph, 40)
    network = CompiledNetwork(deciding(graph, CLASSES, (0, 0), WIDTHS), tmp_path, ("-O1", "-fsanitize=undefined"))
    library = ctypes.CDLL(str(tmp_path / "libmodel.so"))
    for width in WIDTHS:
        assert library.model_width(width) == 0
        must_agree(deciding(graph, CLASSES, thresholds_of_width(WIDTHS, width), WIDTHS), {"x": x}, network)
    assert library.model_width(60) == -4
    must_agree(deciding(graph, CLASSES, (1, 1), WIDTHS), {"x": x}, network)
