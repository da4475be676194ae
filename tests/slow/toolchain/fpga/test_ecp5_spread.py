"""Rows kept empty for connections that found no way, and the design without them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fast.boards.folders import open_board
from toolchain.errors import CongestionError, WiresError
from toolchain.fpga.backend import Backend
from toolchain.fpga.ecp5_floorplan import tile_rows
from toolchain.fpga.ecp5_spread import spread
from toolchain.fpga.families.ecp5 import Ecp5Backend
from toolchain.fpga.results import Implementation, Usage

DONE = Implementation(Path("c"), Usage(0, 0, 0, 0), {}, 30.0, 25.0, [], None, 1, "nextpnr")


def netlist(folder: Path, luts: int = 1) -> Path:
    cells = {f"lut{i}": {"type": "LUT4", "attributes": {}, "connections": {}} for i in range(luts)}
    path = folder / "netlist.json"
    path.write_text(json.dumps({"modules": {"chip": {"cells": cells}}}))
    return path


def test_a_device_has_as_many_luts_as_its_data_sheet_says() -> None:
    assert 8 * sum(len(columns) for _, columns in tile_rows("85k", "PLC2")) == 83_640


@pytest.mark.parametrize(("lut", "opened"), [(8_000, 1), (17_800, 2), (36_000, 4)])
def test_a_larger_design_gets_more_rows(tmp_path: Path, lut: int, opened: int) -> None:
    thin = spread(netlist(tmp_path), tmp_path, "chip", "85k", lut)
    assert thin is not None
    cells = json.loads(thin.netlist.read_text())["modules"]["chip"]["cells"]
    sites = {cell["attributes"]["BEL"] for cell in cells.values() if "BEL" in cell["attributes"]}
    assert len(sites) == thin.empty == len(cells) - 1
    shut = {site.split("/")[1] for site in sites}
    assert len(shut) == 85 * (5 - opened) // 5 and len(sites) == 8 * 123 * len(shut)


def test_a_design_that_needs_all_rows_gets_them(tmp_path: Path) -> None:
    assert spread(netlist(tmp_path), tmp_path, "chip", "85k", 50_000) is None


class Nextpnr:
    """Stands for place and route: what nothing keeps apart is too dense."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, Sequence[str]]] = []

    def implement(self, backend: Backend, board: Any, netlist: Path, out: Path, aim: Any) -> Implementation:
        self.runs.append((netlist.name, aim.options if aim else ()))
        design = json.loads(netlist.read_text())
        cells = design["modules"]["chip"]["cells"]
        if len(cells) == 1:
            raise CongestionError("too dense")
        design["modules"] = {"top": design["modules"]["chip"] | {"netnames": {"n": 1, "kept_empty_0_Z": 2}}}
        (out / "routed.json").write_text(json.dumps(design))
        return replace(DONE, netlist=out / "routed.json", resources=Usage(len(cells), 0, 0, 0))


def test_what_is_too_dense_is_placed_again_and_the_empty_places_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nextpnr, board = Nextpnr(), open_board("ulx3s")
    monkeypatch.setattr(Backend, "implement", lambda *words: nextpnr.implement(*words))
    said: list[str] = []
    done = Ecp5Backend(board.fpga, said.append).implement(board, netlist(tmp_path), tmp_path / "out")
    assert nextpnr.runs == [("netlist.json", ()), ("spread.json", ("--router", "router2"))]
    assert (done.resources.lut, done.used_percent["lut"]) == (1, 0.0)
    routed = json.loads((tmp_path / "out" / "routed.json").read_text())["modules"]["top"]
    assert list(routed["cells"]) == ["lut0"] and list(routed["netnames"]) == ["n"]
    assert said == ["too dense to route: again with rows kept empty, by the other router"]


def test_too_many_wires_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []

    def implement(backend: Backend, board: Any, netlist: Path, out: Path, aim: Any) -> Implementation:
        runs.append(netlist.name)
        raise WiresError("too dense")

    monkeypatch.setattr(Backend, "implement", implement)
    board = open_board("ulx3s")
    with pytest.raises(WiresError):
        Ecp5Backend(board.fpga).implement(board, netlist(tmp_path), tmp_path / "out")
    assert runs == ["netlist.json"]
