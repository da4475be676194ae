"""The graphs of a network whose width is chosen, held against its integers at each width."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from flows.stages.ort import widths
from flows.stages.ort.files import OWN
from tests.fast.toolchain.fabricated import records
from tests.fast.toolchain.graph.staged_graphs import CLASSES, WIDTHS, nested, vectors
from toolchain.graph.deciding import deciding
from toolchain.graph.execute import run_one
from toolchain.graph.readers.source import Port, Source
from toolchain.package.ladder import must_be_verified
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.compare import Proof
from toolchain.runtime.derive.graphs import answers
from toolchain.runtime.imported import Imported
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.proof_vectors import Vectors
from toolchain.runtime.prove import prove
from toolchain.stages import stages_of

_VECTORS = 1100
_REAL = np.dtype(np.float32)
_PORTS = (Port("x", (6, 5, 2), _REAL),), (Port("logits", (CLASSES + 1,), _REAL),)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> tuple[Imported, dict[str, Proof]]:
    graph = nested(7)
    made = deciding(graph, CLASSES, (1, 1), WIDTHS)
    x = vectors(graph, _VECTORS).astype(np.float32)
    source = Source("QONNX", made, *_PORTS)
    monkeypatch.setattr(widths, "source_of", lambda context: source)
    models = {name: whole_makers(source, GraphSettings(17))[name]() for name in ("fp32", "qcdq")}
    (end,) = made.outputs
    wanted = answers(end, run_one(made, x.astype(int))[end.node])
    found = Imported(OWN, models, {}, Vectors(x, None, "test set"), wanted, "the trained network")
    return found, {name: prove(model, x, wanted, RunOptions()) for name, model in models.items()}


def _context() -> Any:
    return SimpleNamespace(request=SimpleNamespace(file=None), progress=lambda text: None)


def test_each_exact_graph_is_compared_at_each_width_on_all_vectors(built: tuple[Imported, dict[str, Proof]]) -> None:
    made, proofs = built
    checks = widths.check_widths(_context(), made, proofs)
    assert set(checks) == {f"{name}, width {width:3} %" for name in made.graphs for width in WIDTHS}
    assert all(check.kept and check.compared == _VECTORS for check in checks.values())
    record = records()["export"].model_copy(update={"checks": checks, "facts": None})
    must_be_verified({"prove": record}, _VECTORS, [stages_of("ort", foreign=False)["prove"]])


def test_a_graph_that_runs_at_another_width_is_found(built: tuple[Imported, dict[str, Proof]]) -> None:
    made, proofs = built
    # Its stages bear each other's width: it answers rightly at the full one alone.
    other = deciding(nested(7), CLASSES, (1, 1), (50, 25, 100))
    source = Source("QONNX", other, *_PORTS)
    made.graphs["fp32"] = whole_makers(source, GraphSettings(17))["fp32"]()
    kept = {name: check.kept for name, check in widths.check_widths(_context(), made, proofs).items()}
    assert kept["fp32, width 100 %"] and kept["qcdq, width  50 %"] and not kept["fp32, width  50 %"]


def test_a_network_of_one_width_has_no_such_check(
    built: tuple[Imported, dict[str, Proof]], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, proofs = built
    plain = cast(Any, SimpleNamespace(graph=nested(7)))
    monkeypatch.setattr(widths, "source_of", lambda context: plain)
    assert widths.check_widths(_context(), made, proofs) == {}
