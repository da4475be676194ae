"""A netlist that nextpnr-ecp5 routed, as Verilog that a simulator can run.

The preparation says in wires what the silicon does at the edge of each cell, so that the models in
``models/ecp5_*.v`` stay small: open inputs read a constant, and the multiplexers before the pins (straight,
inverted, constant) become ties and inverters.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolchain.errors import ToolError
from toolchain.files import write_json
from toolchain.fpga import yosys
from toolchain.fpga.pll import PLL_CELLS
from toolchain.fpga.routed_json import Cell, gather, highest_net, read_routed

_MODELS = Path(__file__).with_name("models")
_MODEL_FILES = ("ecp5_cells.v", "ecp5_block_ram.v", PLL_CELLS.name)

# Inputs that nextpnr leaves out of the netlist where it does not route them.
_INPUTS = {
    "TRELLIS_FF": ("CLK", "CE", "LSR", "DI", "M"),
    "TRELLIS_COMB": ("A", "B", "C", "D", "M", "F1", "FXA", "FXB", "FCI", "WRE", "WCK"),
}
# The fabric pulls an input that no wire reaches to 1. Exceptions: inputs that a slice takes from
# beside it, and its set/reset, count as off where nextpnr leaves them open.
_OPEN_IS_LOW = {
    "TRELLIS_FF": frozenset({"LSR", "DI", "M"}),
    "TRELLIS_COMB": frozenset(
        {"FCI", "F1", "FXA", "FXB", "M", "DI0", "DI1", "WCK", "WRE", "WD"} | {f"WAD{bit}" for bit in range(4)}
    ),
}
_BLOCK_RAM_BUSES = {"AD": 14, "DI": 18, "DO": 18, "CS": 3}
_BLOCK_RAM_ROWS = 64
_MULTIPLIER_BUSES = {"A": 18, "B": 18, "P": 36}
_MULTIPLIER_PINS = frozenset({*_MULTIPLIER_BUSES, "SIGNEDA", "SIGNEDB"})


def netlist_to_verilog(routed: Path, out_dir: Path) -> list[Path]:
    """Convert the JSON that nextpnr-ecp5 wrote after routing.

    Returns:
        The netlist (top `chip`) and the models of its cells, all in `out_dir`.

    Raises:
        ToolError: the file is no routed netlist, or has a cell that no model describes.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    prepared = out_dir / "prepared.json"
    write_json(prepared, prepare(read_routed(routed, "nextpnr-ecp5"), routed))
    verilog = yosys.json_to_verilog(prepared, out_dir / "netlist.v", "top", "chip")
    models = [Path(shutil.copyfile(_MODELS / name, out_dir / name)) for name in _MODEL_FILES]
    return [verilog, *models]


def prepare(netlist: dict[str, Any], path: Path) -> dict[str, Any]:
    """Resolve pins and gather buses in place; `path` names the netlist in errors."""
    known = _modelled_cells()
    top = netlist["modules"]["top"]
    nets = itertools.count(highest_net(top) + 1)
    inverters: dict[str, Cell] = {}
    for name, cell in top["cells"].items():
        _name_variant(cell)
        if cell["type"] not in known:
            raise ToolError(
                f"{path}: {name} is a {cell['type']}, which no model in {_MODELS.name} describes; "
                f"add one to {_MODEL_FILES[0]}"
            )
        for port in _inputs(cell):
            _resolve_input(cell, port, f"{name}${port}$inverter", inverters, nets)
        if cell["type"] == "DP16KD":
            _gather_block_ram(cell, nets)
        if cell["type"] == "MULT18X18D":
            _gather_multiplier(cell, f"{path}: {name}", nets)
        cell["attributes"] = {}
    top["cells"].update(inverters)
    return netlist


def _modelled_cells() -> frozenset[str]:
    lines = [line for name in _MODEL_FILES for line in (_MODELS / name).read_text().splitlines()]
    return frozenset(line.split()[1] for line in lines if line.startswith("module "))


def _name_variant(cell: Cell) -> None:
    """Give pads a type by direction, and tell a LUT which half of its slice it has."""
    if cell["type"] == "TRELLIS_IO":
        cell["type"] += f"_{cell['parameters'].get('DIR', 'INPUT')}"
    if cell["type"] == "TRELLIS_COMB":
        site = str(cell["attributes"]["NEXTPNR_BEL"])  # such as X5/Y50/SLICEB.K0
        cell["parameters"]["UPPER"] = "1" if site.endswith(".K1") else "0"


def _inputs(cell: Cell) -> list[str]:
    """Names of a cell's inputs, those that the netlist leaves out added to it as open."""
    for port in _INPUTS.get(cell["type"], ()):
        cell["connections"].setdefault(port, [])
        cell["port_directions"].setdefault(port, "input")
    return [port for port, way in cell["port_directions"].items() if way == "input"]


def _resolve_input(cell: Cell, port: str, name: str, inverters: dict[str, Cell], nets: Iterator[int]) -> None:
    """Replace an input's multiplexer parameter and its being open by what the cell then reads."""
    mux = str(cell["parameters"].pop(f"{port}MUX", port)).strip()
    bits = cell["connections"][port]
    inverted = mux == "INV"
    if mux in ("0", "1"):
        cell["connections"][port] = [mux]
    elif not bits:
        high = port not in _OPEN_IS_LOW.get(cell["type"], frozenset())
        cell["connections"][port] = ["1" if high != inverted else "0"]
    elif inverted:
        out = next(nets)
        inverters[name] = _inverter(bits[0], out)
        cell["connections"][port] = [out]


def _inverter(net: int, out: int) -> Cell:
    return {
        "hide_name": 1,
        "type": "PIN_INVERTER",
        "parameters": {},
        "attributes": {},
        "port_directions": {"I": "input", "O": "output"},
        "connections": {"I": [net], "O": [out]},
    }


def _gather_block_ram(cell: Cell, nets: Iterator[int]) -> None:
    """Gather the numbered pins of a block RAM in buses, and the rows of its contents in one value."""
    for prefix, width in _BLOCK_RAM_BUSES.items():
        for side in "AB":
            gather(cell, f"{prefix}{side}", width, nets)
    parameters = cell["parameters"]
    rows = [parameters.pop(f"INITVAL_{row:02X}", "0" * 320) for row in range(_BLOCK_RAM_ROWS)]
    parameters["INITVAL"] = "".join(reversed(rows))


def _gather_multiplier(cell: Cell, name: str, nets: Iterator[int]) -> None:
    """Gather the numbered pins of a multiplier that has no registers; those for registers and cascades go.

    Raises:
        ToolError: it has a register, which the model does not know.
    """
    parameters = cell["parameters"].items()
    if registers := sorted(key for key, value in parameters if key.startswith("REG_") and value != "NONE"):
        raise ToolError(f"{name} has registers inside ({', '.join(registers)}); {_MODEL_FILES[0]} describes none")
    for bus, width in _MULTIPLIER_BUSES.items():
        gather(cell, bus, width, nets)
    for key in ("connections", "port_directions"):
        cell[key] = {pin: value for pin, value in cell[key].items() if pin in _MULTIPLIER_PINS}
