"""C that stops early: the interpreter's answers, and nothing run that no answer needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.graph.staged_graphs import decides, staged, vectors
from tests.fast.toolchain.kernels.networks import must_agree
from toolchain.kernels.compiled import CompiledNetwork


@pytest.mark.parametrize(("stages", "dual"), [(2, False), (3, False), (2, True), (3, True)])
def test_the_answers_are_the_interpreters(stages: int, dual: bool, tmp_path: Path) -> None:
    graph = staged(stages, dual=dual)
    x = vectors(graph, 100)
    made = decides(graph, x)
    must_agree(
        made, {"x": x}, CompiledNetwork(made, tmp_path, ("-O1", "-fsanitize=undefined", "-fno-sanitize-recover"))
    )
