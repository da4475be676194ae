"""What the preparation of a routed netlist does to single cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolchain.errors import ToolError
from toolchain.fpga.ecp5_netlist import netlist_to_verilog, prepare


def _prepared(kind: str, **cell: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """One prepared cell, and all others that came to be."""
    connections = cell.get("connections", {})
    directions = {port: "input" for port in connections} | cell.get("directions", {})
    raw = {
        "type": kind,
        "parameters": cell.get("parameters", {}),
        "attributes": {"NEXTPNR_BEL": cell.get("site", "X1/Y1/SLICEA.K0")},
        "port_directions": directions,
        "connections": connections,
    }
    top = {"ports": {"clk": {"bits": [2]}}, "cells": {"it": raw}, "netnames": {"n": {"bits": [9]}}}
    cells = prepare({"modules": {"top": top}}, Path("routed.json"))["modules"]["top"]["cells"]
    return cells.pop("it"), cells


def test_open_lut_inputs_read_one_and_cascades_zero() -> None:
    cell, _ = _prepared("TRELLIS_COMB", connections={"A": [3], "B": [], "FCI": []})
    assert (cell["connections"]["A"], cell["connections"]["B"]) == ([3], ["1"])
    assert (cell["connections"]["C"], cell["connections"]["FCI"]) == (["1"], ["0"])


def test_constant_multiplexer_beats_the_wire() -> None:
    cell, _ = _prepared("TRELLIS_FF", connections={"CE": [3]}, parameters={"CEMUX": "1 ", "SD": "0 "})
    assert cell["connections"]["CE"] == ["1"]
    assert "CEMUX" not in cell["parameters"] and cell["parameters"]["SD"] == "0 "


def test_an_inverted_pin_gets_an_inverter_on_a_new_net() -> None:
    cell, others = _prepared("TRELLIS_FF", connections={"CLK": [2]}, parameters={"CLKMUX": "INV"})
    (inverter,) = others.values()
    assert inverter["type"] == "PIN_INVERTER"
    assert inverter["connections"] == {"I": [2], "O": [10]}
    assert cell["connections"]["CLK"] == [10]


def test_an_inverted_open_pin_is_the_other_constant() -> None:
    cell, _ = _prepared("DCCA", connections={"CE": []}, parameters={"CEMUX": "INV"})
    assert cell["connections"]["CE"] == ["0"]


def test_open_set_reset_is_off() -> None:
    cell, _ = _prepared("TRELLIS_FF", connections={"LSR": []})
    assert cell["connections"]["LSR"] == ["0"]


@pytest.mark.parametrize(("site", "upper"), [("X5/Y50/SLICEB.K0", "0"), ("X5/Y50/SLICEB.K1", "1")])
def test_a_lut_knows_its_half_of_the_slice(site: str, upper: str) -> None:
    cell, _ = _prepared("TRELLIS_COMB", site=site)
    assert cell["parameters"]["UPPER"] == upper


def _block_ram() -> dict[str, dict[str, str]]:
    widths = {"AD": 14, "DI": 18, "DO": 18, "CS": 3}
    return {
        "directions": {
            f"{bus}{port}{bit}": "output" if bus == "DO" else "input"
            for bus, width in widths.items()
            for port in "AB"
            for bit in range(width)
        }
    }


def test_block_ram_pins_and_contents_are_gathered() -> None:
    ram = _block_ram()
    wires: dict[str, list[int]] = {name: [] for name in ram["directions"]}
    rows = {"INITVAL_00": "0" * 319 + "1", "INITVAL_3F": "1" + "0" * 319, "ADA3MUX": "0 "}
    wires |= {"ADA4": [7], "DOB17": [8]}
    cell, _ = _prepared("DP16KD", connections=wires, parameters=rows, **ram)
    pins = cell["connections"]
    assert pins["ADA"][3:6] == ["0", 7, "1"]
    assert pins["DOB"][17] == 8 and len(set(pins["DOA"] + pins["DOB"])) == 36
    assert "ADA4" not in pins and cell["port_directions"]["DOB"] == "output"
    contents = cell["parameters"]["INITVAL"]
    assert (len(contents), contents[0], contents[-1], contents.count("1")) == (20480, "1", "1", 2)


def test_a_cell_without_a_model_is_named() -> None:
    with pytest.raises(ToolError, match=r"routed\.json: it is a ALU54B, .* add one"):
        _prepared("ALU54B")


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"modules": {"chip": {}}})])
def test_a_file_that_is_no_netlist_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "routed.json"
    path.write_text(content)
    with pytest.raises(ToolError, match=r"routed\.json: not a netlist of nextpnr-ecp5"):
        netlist_to_verilog(path, tmp_path / "out")


def _multiplier(**parameters: str) -> dict[str, dict[str, Any]]:
    pins = [f"{bus}{bit}" for bus, width in (("A", 18), ("B", 18)) for bit in range(width)]
    ties = {f"{pin}MUX": "0 " for pin in pins if pin[1:] == "17"}
    others = ["SIGNEDA", "SIGNEDB", "CLK0", "C3", "SRIA5"]
    return {
        "directions": {f"P{bit}": "output" for bit in range(36)},
        "connections": {pin: [] if f"{pin}MUX" in ties else [5] for pin in [*pins, *others]} | {"P7": [7]},
        "parameters": ties | parameters,
    }


def test_pins_of_a_multiplier_become_buses() -> None:
    raw = _multiplier()
    for bit in range(36):
        raw["connections"].setdefault(f"P{bit}", [])
    cell, _ = _prepared("MULT18X18D", **raw)
    pins = cell["connections"]
    assert pins["A"] == pins["B"] == [5] * 17 + ["0"]
    assert len(set(pins["P"])) == 36 and pins["P"][7] == 7
    assert set(pins) == set(cell["port_directions"]) == {"A", "B", "P", "SIGNEDA", "SIGNEDB"}


def test_a_multiplier_with_a_register_is_refused() -> None:
    raw = _multiplier(REG_OUTPUT_CLK="CLK0", REG_INPUTA_CLK="NONE")
    with pytest.raises(ToolError, match=r"it has registers inside \(REG_OUTPUT_CLK\)"):
        _prepared("MULT18X18D", **raw)
