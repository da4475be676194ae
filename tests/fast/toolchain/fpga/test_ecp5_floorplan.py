from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolchain.fpga.ecp5_floorplan import floorplan, middle, rows_of


def netlist(folder: Path, names: list[str]) -> Path:
    cells = {name: {"type": "MULT18X18D", "attributes": {}} for name in names} | {
        "lut": {"type": "LUT4", "attributes": {}}
    }
    path = folder / "netlist.json"
    # Synthesis leaves the library's modules in the file.
    path.write_text(json.dumps({"modules": {"chip": {"cells": cells}, "MULT18X18D": {"cells": {}}}}))
    return path


@pytest.mark.parametrize(("device", "rows", "row"), [("85k", 3, 52), ("um-45k", 2, 36), ("25k", 1, 28)])
def test_sites_are_those_of_the_data_sheet(device: str, rows: int, row: int) -> None:
    assert [len(sites) for sites in rows_of(device)] == [row] * rows


def test_units_lie_side_by_side_in_their_order(tmp_path: Path) -> None:
    names = [f"u{unit}_conv.pe[{pe}]" for unit in (10, 2) for pe in (10, 9, 1)]
    placed = json.loads(floorplan(netlist(tmp_path, names), tmp_path, "chip", "85k").read_text())
    cells = placed["modules"]["chip"]["cells"]
    order = sorted(names, key=lambda name: rows_of("85k")[1].index(cells[name]["attributes"]["BEL"]))
    assert order == [f"u{unit}_conv.pe[{pe}]" for unit in (2, 10) for pe in (1, 9, 10)]
    assert "BEL" not in cells["lut"]["attributes"]


def test_rows_are_walked_to_and_fro() -> None:
    rows = [["a", "b"], ["c", "d"], ["e", "f"]]
    assert middle(rows, 2) == ["c", "d"]
    assert middle(rows, 4) == ["a", "b", "d", "c"]
    assert middle(rows, 6) == ["a", "b", "d", "c", "e", "f"]


def test_what_cannot_be_placed_is_left_to_nextpnr(tmp_path: Path) -> None:
    none, many = netlist(tmp_path, []), [f"m{i}" for i in range(157)]
    assert floorplan(none, tmp_path, "chip", "85k") == none
    full = netlist(tmp_path, many)
    assert floorplan(full, tmp_path, "chip", "85k") == full
    assert floorplan(netlist(tmp_path, ["m"]), tmp_path, "chip", "of no family") == full
