"""A netlist that nextpnr-ice40 routed, as Verilog that a simulator can run.

It stands below the bitstream: icebox decodes bitstreams, but leaves multipliers and single-port RAMs out.
"""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolchain.errors import ToolError
from toolchain.files import write_atomic, write_json
from toolchain.fpga import yosys
from toolchain.fpga.pll import PLL_CELLS
from toolchain.fpga.routed_json import Cell, gather, highest_net, read_routed

_MODELS = Path(__file__).with_name("models") / "ice40_routed.v"
# Yosys's models give open inputs a default in a way that no Verilog simulator reads.
_PLAIN_MODELS = "`define NO_ICE40_DEFAULT_ASSIGNMENTS\n"
_PLL_WITHOUT_MODEL = re.compile(r"\(\* blackbox \*\)\nmodule SB_PLL40_(?:CORE|PAD) .*?\nendmodule\n", re.DOTALL)


@dataclass(frozen=True)
class _Kind:
    """How a cell of nextpnr becomes one of Yosys's library.

    Attributes:
        model: the name of its model.
        buses: widths of buses whose pins are numbered.
        high: inputs that count as 1 where nextpnr leaves them open; all others count as 0.
        unset: parameters that no model describes, which must not be 1.
    """

    model: str
    buses: Mapping[str, int] = field(default_factory=dict)
    high: frozenset[str] = frozenset()
    unset: tuple[str, ...] = ()


_KINDS = {
    "ICESTORM_LC": _Kind("LOGIC_CELL", high=frozenset({"CEN"})),
    "ICESTORM_RAM": _Kind(
        "SB_RAM40_4K",
        {"RDATA": 16, "WDATA": 16, "MASK": 16, "RADDR": 11, "WADDR": 11},
        frozenset({"RCLKE", "WCLKE"}),
        ("NEG_CLK_R", "NEG_CLK_W"),
    ),
    "ICESTORM_DSP": _Kind("SB_MAC16", {"A": 16, "B": 16, "C": 16, "D": 16, "O": 32}, frozenset({"CE"})),
    "ICESTORM_SPRAM": _Kind("SB_SPRAM256KA", {"ADDRESS": 14, "DATAIN": 16, "DATAOUT": 16, "MASKWREN": 4}),
    "SB_GB": _Kind("SB_GB"),
}
# With the crystal at the PLL's own pad, or from the fabric.
_PLLS = ("SB_PLL40_PAD", "SB_PLL40_CORE")


def netlist_to_verilog(routed: Path, out_dir: Path) -> list[Path]:
    """Convert the JSON that nextpnr-ice40 wrote after routing.

    Returns:
        The netlist (top `chip`) and the models of its cells, all in `out_dir`.

    Raises:
        ToolError: the file is no routed netlist, or has a cell that no model describes.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    prepared = out_dir / "prepared.json"
    write_json(prepared, prepare(read_routed(routed, "nextpnr-ice40"), routed))
    verilog = yosys.json_to_verilog(prepared, out_dir / "netlist.v", "top", "chip")
    own = Path(shutil.copyfile(_MODELS, out_dir / _MODELS.name))
    library = out_dir / "ice40_cells.v"
    write_atomic(library, library_models())
    return [verilog, own, library]


def library_models() -> str:
    """Yosys's models of cells, and ours of the PLLs, of which it has none, as a simulator reads them."""
    cells = _PLL_WITHOUT_MODEL.sub("", yosys.share("ice40/cells_sim.v").read_text())
    return _PLAIN_MODELS + cells + PLL_CELLS.read_text()


def prepare(netlist: dict[str, Any], path: Path) -> dict[str, Any]:
    """Name cells as their models are named, gather buses and tie open inputs, in place; `path` is for errors."""
    top = netlist["modules"]["top"]
    nets = itertools.count(highest_net(top) + 1)
    # First: it drives a global buffer that is open until then.
    for cell in [cell for cell in top["cells"].values() if cell["type"] == "ICESTORM_PLL"]:
        _pll(cell, top, next(nets))
    for name, cell in top["cells"].items():
        if cell["type"] == "SB_IO":
            _pad(cell)
        elif cell["type"] in _KINDS:
            _modelled(cell, _KINDS[cell["type"]], f"{path}: {name}", nets)
        elif cell["type"] not in _PLLS:
            raise ToolError(f"{path}: {name} is a {cell['type']}, which no model describes; add one to {_MODELS.name}")
        cell["attributes"] = {}
    return netlist


def _pad(cell: Cell) -> None:
    """A pad drives its pin where its type says so, and is read otherwise."""
    drives = "1" in str(cell["parameters"]["PIN_TYPE"])[-6:-2]
    cell["type"] = "PAD_OUTPUT" if drives else "PAD_INPUT"
    inner = "D_OUT_0" if drives else "D_IN_0"
    cell["connections"] = {pin: cell["connections"].get(pin, []) for pin in ("PACKAGE_PIN", inner)}
    cell["port_directions"] = {"PACKAGE_PIN": ("input", "output")[drives], inner: ("output", "input")[drives]}
    cell["parameters"] = {}


def _pll(cell: Cell, top: dict[str, Any], clock: int) -> None:
    """A PLL with the wires that the netlist leaves out: to its global network, and from its own pad."""
    pins = cell["connections"]
    (entry,) = (
        other["connections"]
        for other in top["cells"].values()
        if other["type"] == "SB_GB" and not other["connections"].get("USER_SIGNAL_TO_GLOBAL_BUFFER")
    )
    entry["USER_SIGNAL_TO_GLOBAL_BUFFER"] = [clock]
    inside = pins.get("REFERENCECLK")
    cell["type"] = _PLLS[bool(inside)]
    crystal = {"REFERENCECLK": inside} if inside else {"PACKAGEPIN": top["ports"]["clk"]["bits"]}
    inputs = {**crystal, "RESETB": pins.get("RESETB") or ["0"], "BYPASS": pins.get("BYPASS") or ["0"]}
    outputs = {"PLLOUTGLOBAL": [clock], "LOCK": pins.get("LOCK") or []}
    cell["connections"] = {**inputs, **outputs}
    cell["port_directions"] = dict.fromkeys(inputs, "input") | dict.fromkeys(outputs, "output")
    cell["parameters"] = {}


def _modelled(cell: Cell, kind: _Kind, name: str, nets: Iterator[int]) -> None:
    for key in kind.unset:
        if "1" in str(cell["parameters"].pop(key, "0")):
            raise ToolError(f"{name} has {key}, which no model describes; add one to {_MODELS.name}")
    pins, directions = cell["connections"], cell["port_directions"]
    for port, way in directions.items():
        if way == "input" and not pins.get(port):
            pins[port] = ["1" if port in kind.high else "0"]
    for bus, width in kind.buses.items():
        gather(cell, bus, width, nets, "{bus}_{bit}")
    cell["type"] = kind.model
