"""Ways of nodes: each gives the interpreter's integers, the fastest is taken, and nothing is timed twice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.kernels.networks import CONVOLUTIONS, feeds_of, must_agree
from toolchain.graph.graph import Graph
from toolchain.graph.ops import Input, Linear, Table, Threshold
from toolchain.graph.types import TensorType
from toolchain.graph.uniform import with_uniform
from toolchain.kernels import choose
from toolchain.kernels.choose import measured, ways_of
from toolchain.kernels.compiled import ROWS, CompiledNetwork
from toolchain.kernels.generate import c_source
from toolchain.kernels.ways import BITS, BYTES, COMPARED, LINE, LOOKED_UP, MULTIPLIED, PLAIN, REGISTERS, WHOLE, Ways
from toolchain.kernels.ways import ROWS as BY_ROWS
from toolchain.results.ways import MeasuredWays


def several() -> Graph:
    """Nodes that have all ways: a product of bits, evenly spaced thresholds of its sums, a line."""
    random, graph = np.random.default_rng(1), Graph()
    graph.add("x", Input(TensorType((70,), 0, 1)))
    graph.add("sums", Linear(random.integers(-1, 2, (70, 9)), random.integers(-3, 4, 9)), "x")
    even = Threshold(np.broadcast_to(np.arange(-12, 12, 3), (9, 8)), least=-4)
    graph.add("codes", with_uniform(even, graph.types["sums"]), "sums")
    graph.add("twice", Table(2 * np.arange(-4, 5)[None], low=-4), "codes")
    graph.end("y", "twice")
    return graph


def dense() -> Graph:
    """A product of bytes by bytes."""
    graph = Graph()
    graph.add("x", Input(TensorType((40,), -3, 127)))
    graph.add("sums", Linear(np.random.default_rng(1).integers(-128, 128, (40, 21)), np.arange(21)), "x")
    graph.end("y", "sums")
    return graph


@pytest.mark.parametrize(
    "nodes",
    [
        {"sums": BITS, "codes": REGISTERS, "twice": LINE},
        {"sums": BYTES, "codes": MULTIPLIED, "twice": LOOKED_UP},
        {"sums": PLAIN, "codes": COMPARED},
    ],
)
def test_every_way_of_a_node_gives_its_integers(nodes: Mapping[str, str], tmp_path: Path) -> None:
    graph = several()
    network = CompiledNetwork(graph, tmp_path, ("-O1", "-march=native"), ways=Ways(nodes))
    assert {node: network.source.ways[node] for node in nodes} == nodes
    must_agree(graph, feeds_of(graph, 1, 20), network)


def test_a_step_that_could_run_whole_goes_row_by_row(tmp_path: Path) -> None:
    graph = CONVOLUTIONS["several blocks"]
    (step,) = c_source(graph, ROWS).whole
    network = CompiledNetwork(graph, tmp_path, ("-O1", "-march=native"), ways=Ways(steps={step: BY_ROWS}))
    assert not network.source.whole and "layer_rows(&" not in network.source.source
    must_agree(graph, feeds_of(graph, 1, 12), network)


def test_all_ways_are_timed_once_and_then_taken_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph, told = dense(), list[str]()
    found = measured(graph, tmp_path, told.append)
    assert {timed.node: set(timed.us) for timed in found.nodes} == {"sums": {BYTES, PLAIN}}
    assert all(us > 0 for timed in found.nodes for us in timed.us.values()) and len(told) == 2
    monkeypatch.setattr(choose, "compile_c", None)
    assert measured(graph, tmp_path) == found


def _timed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, us: Mapping[str, float], graph: Graph) -> MeasuredWays:
    """What is made of these times, in the order in which programs ask for them."""
    answers = iter(us.values())

    def answered(program: Path, given: bytes) -> str:
        return f"0 0 {next(answers)}\n"

    monkeypatch.setattr(choose, "compile_c", lambda arguments, folder: None)
    monkeypatch.setattr(choose, "_run", answered)
    return measured(graph, tmp_path)


def test_another_way_is_taken_if_it_is_clearly_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = dense()
    found = _timed(monkeypatch, tmp_path / "a", {BYTES: 2.0, PLAIN: 1.0}, graph)
    assert ways_of(found) == Ways({"sums": PLAIN}) and "sums by plain loop" in found.told
    assert "dots(" not in c_source(graph, ROWS, ways_of(found)).source
    same = _timed(monkeypatch, tmp_path / "b", {BYTES: 1.0, PLAIN: 0.99}, graph)
    assert ways_of(same) == Ways({"sums": BYTES}) and "all as in the written order" in same.told


def test_what_was_not_timed_in_time_goes_in_the_written_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "_MOST", -1.0)
    found = measured(dense(), tmp_path)
    assert found.nodes == () and ways_of(found) == Ways()


def test_a_first_way_that_takes_too_long_to_be_timed_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["", "0 0 1.0\n"])
    monkeypatch.setattr(choose, "compile_c", lambda arguments, folder: None)
    monkeypatch.setattr(choose, "_run", lambda program, given: next(answers))
    assert measured(dense(), tmp_path).nodes == ()


def test_whole_steps_are_timed_beside_their_rows(tmp_path: Path) -> None:
    found = measured(CONVOLUTIONS["several blocks"], tmp_path)
    (step,) = (timed for timed in found.nodes if timed.step)
    assert set(step.us) == {WHOLE, BY_ROWS}
