"""Cores that stop early: every element of every stream, what idle parts do not carry, and clocks that are saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hls.fifo_depths import with_depths
from hls.netlist_core import write_core
from hls.simulate_graph import simulate_graph
from tests.fast.toolchain.graph.staged_graphs import WIDTHS, decides, nested, staged, vectors
from tests.sim.hls.graphs import netlist_of, run_core, smallest_of
from toolchain.graph.deciding import deciding
from toolchain.graph.ops import Confident
from toolchain.graph.ops.staged import greatest_margin


@pytest.mark.parametrize(("stages", "dual", "seed"), [(3, False, 2), (2, True, 3)])
def test_every_stream_carries_what_it_should(stages: int, dual: bool, seed: int, tmp_path: Path) -> None:
    graph = staged(stages, seed, dual=dual)
    x = vectors(graph, 60, seed)
    made = decides(graph, x)
    netlist, _ = with_depths(netlist_of(made, np.random.default_rng(seed)), blocks=False)
    for stall in (None, 5):
        run = run_core(netlist, made, x, tmp_path, stall)
        assert (run.first_difference, run.equal) == (None, 60)


def test_an_input_that_stops_early_leaves_the_core_sooner(tmp_path: Path) -> None:
    graph = staged(2, 1)
    x = vectors(graph, 12)
    most = greatest_margin(graph.types["scores0"])
    clocks = {}
    for name, margin in (("early", 0), ("whole", most)):
        made = deciding(graph, 4, [margin])
        netlist, told = with_depths(smallest_of(made), blocks=False)
        run = run_core(netlist, made, x, tmp_path / name)
        assert run.first_difference is None
        clocks[name] = run.latency_cycles
    assert clocks["early"] < clocks["whole"] == told.latency


def test_a_wrong_threshold_is_found(tmp_path: Path) -> None:
    """What stops where it should not is a stream that carries something else."""
    graph = staged(2, 1)
    x = vectors(graph, 40)
    made = decides(graph, x)
    netlist, _ = with_depths(smallest_of(made), blocks=False)
    (flag,) = [node.op for node in made if isinstance(node.op, Confident)]
    other = deciding(graph, 4, [flag.margin + 4])

    assert run_core(netlist, other, x, tmp_path).first_difference is not None


def test_a_width_is_chosen_without_another_core(tmp_path: Path) -> None:
    graph = nested(5, layers=1)
    x = vectors(graph, 40)
    netlist, told = with_depths(smallest_of(deciding(graph, 4, (1, 1), WIDTHS)), blocks=False)
    write_core(netlist, tmp_path / "rtl")
    latencies = []
    for thresholds in ((0, 0), (1, 0)):
        given = {setting.name: value for setting, value in zip(netlist.settings, thresholds, strict=True)}
        other = deciding(graph, 4, thresholds, WIDTHS)
        run = simulate_graph(netlist, other, x, tmp_path / "rtl", tmp_path / "work", optimise=False, settings=given)
        assert (run.first_difference, run.equal) == (None, 40)
        latencies.append(run.latency_cycles)
    assert latencies[0] <= latencies[1] <= told.latency


def test_a_threshold_changes_without_another_core(tmp_path: Path) -> None:
    graph = staged(3, 4)
    x = vectors(graph, 40)
    netlist, _ = with_depths(smallest_of(decides(graph, x)), blocks=False)
    write_core(netlist, tmp_path / "rtl")
    assert [setting.name for setting in netlist.settings] == ["threshold1", "threshold2"]
    for thresholds in ([0, 0], [setting.high for setting in netlist.settings], [7, 3]):
        given = {setting.name: value for setting, value in zip(netlist.settings, thresholds, strict=True)}
        other = deciding(graph, 4, thresholds)
        run = simulate_graph(netlist, other, x, tmp_path / "rtl", tmp_path / "work", optimise=False, settings=given)
        assert (run.first_difference, run.equal) == (None, 40)


def test_bits_of_idle_parts_do_not_change(tmp_path: Path) -> None:
    graph = staged(2, 1)
    x = vectors(graph, 4)
    netlist, _ = with_depths(smallest_of(decides(graph, x)), blocks=False)
    write_core(netlist, tmp_path / "rtl")
    toggles = {}
    for margin in (0, greatest_margin(graph.types["scores0"])):
        other, how = deciding(graph, 4, [margin]), {"settings": {"threshold1": margin}, "toggles": True}
        run = simulate_graph(netlist, other, x, tmp_path / "rtl", tmp_path / "work", optimise=False, **how)
        assert run.first_difference is None and run.inferences == 4
        toggles[margin] = run.toggles or 0
    early, whole = toggles.values()
    assert 0 < 1.5 * early < whole
