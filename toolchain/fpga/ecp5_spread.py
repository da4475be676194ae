"""Keeps rows of an ECP5 empty, for designs whose connections find no way where nextpnr packs them.

nextpnr's placer fills its tiles, whatever the wires between them, and leaves the rest of the device empty; nothing
that it is told makes it spread. LUTs without connections, fixed to their places, take rows from it: the design comes to
lie over most of the device, and the wires of the empty rows are its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from toolchain.board import Resources
from toolchain.files import write_atomic
from toolchain.fpga.ecp5_floorplan import tile_rows
from toolchain.fpga.results import Implementation

_NAME = "kept_empty_"
_TILE = "PLC2"
_PLACES = tuple(f"SLICE{slice}.K{lut}" for slice in "ABCD" for lut in "01")
# nextpnr lengthens carry chains by some places (17,815 became 20,447); of what is left to it, it fills three quarters.
_GROWTH, _FULL = 1.15, 0.7
# One row of this many is the least that is left.
_PERIOD = 5


@dataclass(frozen=True)
class Spread:
    """A netlist with LUTs that only take places, and how many there are."""

    netlist: Path
    empty: int


def spread(netlist: Path, out_dir: Path, top: str, device: str, lut: int) -> Spread | None:
    """The netlist for as few rows as hold it with room to move; None where it needs all.

    Args:
        netlist: as synthesis wrote it.
        top: its top module.
        device: nextpnr's word for the device, such as ``85k``.
        lut: positions that the netlist takes.
    """
    rows = tile_rows(device, _TILE)
    places = sum(len(columns) for _, columns in rows) * len(_PLACES)
    opened = next((n for n in range(1, _PERIOD) if lut * _GROWTH <= _FULL * places * n / _PERIOD), None)
    if opened is None:
        return None
    shut = [row for i, row in enumerate(rows) if i * opened % _PERIOD >= opened]
    sites = [f"X{x}/Y{y}/{place}" for y, columns in shut for x in columns for place in _PLACES]
    design = json.loads(netlist.read_text())
    design["modules"][top]["cells"] |= {f"{_NAME}{i}": _empty(site) for i, site in enumerate(sites)}
    thin = out_dir / "spread.json"
    write_atomic(thin, json.dumps(design))
    return Spread(thin, len(sites))


def _empty(site: str) -> dict[str, object]:
    return {
        "hide_name": 0,
        "type": "LUT4",
        "parameters": {"INIT": "0" * 16},
        "attributes": {"BEL": site},
        "port_directions": {**dict.fromkeys("ABCD", "input"), "Z": "output"},
        "connections": {},
    }


def without(done: Implementation, empty: int, have: Resources) -> Implementation:
    """A routed design without the LUTs that only took places: in its netlist, and in what it uses of what is there."""
    assert done.netlist is not None, "nextpnr-ecp5 is told to write it"
    design = json.loads(done.netlist.read_text())
    for module in design["modules"].values():
        for kind in ("cells", "netnames"):
            module[kind] = {name: item for name, item in module[kind].items() if not name.startswith(_NAME)}
    write_atomic(done.netlist, json.dumps(design))
    usage = replace(done.resources, lut=done.resources.lut - empty)
    return replace(done, resources=usage, used_percent=usage.percent_of(have))
