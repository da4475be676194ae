"""What the preparation of a routed iCE40 netlist does to single cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolchain.errors import ToolError
from toolchain.fpga.ice40_netlist import netlist_to_verilog, prepare


def _prepared(kind: str, connections: dict[str, list[int]], out: tuple[str, ...] = (), **parameters: str) -> Any:
    directions = {port: "output" if port in out else "input" for port in connections}
    raw = {
        "type": kind,
        "parameters": dict(parameters),
        "attributes": {"NEXTPNR_BEL": "X1/Y1/lc0"},
        "port_directions": directions,
        "connections": connections,
    }
    top = {"ports": {"clk": {"bits": [2]}}, "cells": {"it": raw}, "netnames": {"n": {"bits": [90]}}}
    return prepare({"modules": {"top": top}}, Path("routed.json"))["modules"]["top"]["cells"]["it"]


def test_an_open_enable_is_on_and_other_open_inputs_are_low() -> None:
    cell = _prepared("ICESTORM_LC", {"I0": [3], "I1": [], "CEN": [], "SR": [], "O": []}, ("O",))
    assert cell["connections"] == {"I0": [3], "I1": ["0"], "CEN": ["1"], "SR": ["0"], "O": []}
    assert cell["attributes"] == {}


def test_numbered_pins_become_the_buses_of_the_library_s_cell() -> None:
    buses = {"RDATA": 16, "WDATA": 16, "MASK": 16, "RADDR": 11, "WADDR": 11}
    pins: dict[str, list[int]] = {f"{bus}_{bit}": [] for bus, width in buses.items() for bit in range(width)}
    pins |= {"RADDR_4": [7], "RDATA_15": [8], "RE": [], "RCLKE": []}
    outputs = tuple(f"RDATA_{bit}" for bit in range(16))
    cell = _prepared("ICESTORM_RAM", pins, outputs, NEG_CLK_R="0", READ_MODE="1")
    wires = cell["connections"]

    assert cell["type"] == "SB_RAM40_4K" and cell["parameters"] == {"READ_MODE": "1"}
    assert wires["RADDR"] == ["0", "0", "0", "0", 7, "0", "0", "0", "0", "0", "0"]
    assert wires["RDATA"][15] == 8 and len(set(wires["RDATA"])) == 16
    assert (wires["RE"], wires["RCLKE"]) == (["0"], ["1"])


@pytest.mark.parametrize(("pin_type", "model"), [("000001", "PAD_INPUT"), ("011001", "PAD_OUTPUT")])
def test_a_pad_has_one_direction(pin_type: str, model: str) -> None:
    pins: dict[str, list[int]] = {"PACKAGE_PIN": [3], "D_IN_0": [4], "D_OUT_0": [5], "OUTPUT_CLK": []}
    cell = _prepared("SB_IO", pins, PIN_TYPE="0" * 26 + pin_type, PULLUP="1")
    inner = "D_OUT_0" if model == "PAD_OUTPUT" else "D_IN_0"
    assert cell["type"] == model and set(cell["connections"]) == {"PACKAGE_PIN", inner}
    assert cell["port_directions"]["PACKAGE_PIN"] == model.removeprefix("PAD_").lower()


def test_what_no_model_describes_is_named() -> None:
    with pytest.raises(ToolError, match=r"routed\.json: it is a SB_LEDDA_IP, .* add one to ice40_routed\.v"):
        _prepared("SB_LEDDA_IP", {})
    with pytest.raises(ToolError, match=r"routed\.json: it has NEG_CLK_W, which no model describes"):
        _prepared("ICESTORM_RAM", {}, NEG_CLK_W="1")


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"modules": {"chip": {}}})])
def test_a_file_that_is_no_netlist_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "routed.json"
    path.write_text(content)
    with pytest.raises(ToolError, match=r"routed\.json: not a netlist of nextpnr-ice40"):
        netlist_to_verilog(path, tmp_path / "out")


def test_a_pll_gets_the_wires_to_its_pad_and_its_global_network() -> None:
    buffer = {"USER_SIGNAL_TO_GLOBAL_BUFFER": [], "GLOBAL_BUFFER_OUTPUT": [5]}
    ways = {"USER_SIGNAL_TO_GLOBAL_BUFFER": "input", "GLOBAL_BUFFER_OUTPUT": "output"}
    pll = {"LOCK": [6], "RESETB": [7], "BYPASS": [], "PLLOUT_A": []}
    cells = {
        name: {"type": kind, "parameters": {}, "attributes": {}, "port_directions": directions, "connections": pins}
        for name, kind, directions, pins in (("p", "ICESTORM_PLL", {}, pll), ("g", "SB_GB", ways, buffer))
    }
    top = {"ports": {"clk": {"bits": [2]}}, "cells": cells, "netnames": {}}
    made = prepare({"modules": {"top": top}}, Path("routed.json"))["modules"]["top"]["cells"]
    assert made["p"]["type"] == "SB_PLL40_PAD"
    assert made["p"]["connections"] == {
        "PACKAGEPIN": [2],
        "RESETB": [7],
        "BYPASS": ["0"],
        "PLLOUTGLOBAL": made["g"]["connections"]["USER_SIGNAL_TO_GLOBAL_BUFFER"],
        "LOCK": [6],
    }
