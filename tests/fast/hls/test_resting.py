"""Which units of a core rest: what lies between gates and a decision, stage by stage."""

from __future__ import annotations

from dataclasses import replace

from hls.netlist import Netlist
from hls.netlist_core import core_text, describe
from hls.resting import resting
from tests.fast.toolchain.graph.staged_graphs import staged
from tests.sim.hls.graphs import fastest_of
from toolchain.graph.deciding import deciding


def of_three_stages() -> Netlist:
    return fastest_of(deciding(staged(3, 1), 4, [3, 3]))


def test_each_later_stage_is_a_part_with_its_gates_and_its_decision() -> None:
    netlist = of_three_stages()
    first, second = resting(netlist).parts
    assert not first.units & second.units
    for part, level in ((first, "1"), (second, "2")):
        stages = {netlist.stages[index] for index in part.units}
        assert f"scores{level}" in stages and "scores0" not in stages
        assert {netlist.units[index].module for index in part.gates} == {"gate"}
        assert netlist.units[part.decide].module == "decide"
    confident = [index for index, unit in enumerate(netlist.units) if unit.module == "confident"]
    assert [resting(netlist).wire(index) for index in confident] == [None, "awake1"]


def test_a_part_has_modules_of_its_own_and_other_cores_have_no_trace_of_one() -> None:
    netlist = of_three_stages()
    assert {"fifo.v", "fifo_awake.v", "rests.v"} <= set(describe(netlist).sources)
    text = core_text(netlist)
    assert text.index("wire awake2;") < text.index(".awake(awake2)") < text.index("rests #(")

    plain = fastest_of(staged(2, 1))
    assert resting(plain).parts == () and "awake" not in core_text(plain)
    assert not [name for name in describe(plain).sources if "awake" in name or "rests" in name]


def test_weights_that_are_loaded_go_on_without_an_enable() -> None:
    netlist = of_three_stages()
    first, second = resting(netlist).parts
    index = min(first.units)
    units = list(netlist.units)
    units[index] = replace(units[index], loaded="WEIGHT_FILE")
    assert resting(replace(netlist, units=tuple(units))).parts == (second,)
