"""An iCE40 bitstream decoded into Verilog that a simulator can run (IceStorm's icebox)."""

from __future__ import annotations

import re
from pathlib import Path

from toolchain.board import OpenBoard
from toolchain.errors import ToolError
from toolchain.files import write_atomic
from toolchain.fpga import yosys
from toolchain.fpga.backend import chip_pins
from toolchain.fpga.tools import ICEBOX_VLOG, ICEUNPACK, relative, require_output, run

_HEADER = re.compile(r"module\s+chip\s*\((?P<ports>[^)]*)\);")
# Yosys's models give open inputs of block RAMs a default in a way that no Verilog simulator reads.
_PLAIN_MODELS = "`define NO_ICE40_DEFAULT_ASSIGNMENTS\n"


def bitstream_to_verilog(board: OpenBoard, bitstream: Path, out_dir: Path) -> list[Path]:
    """Decode a bitstream.

    Returns:
        The netlist (top `chip`) and the models of the block RAMs it uses, both in `out_dir`.

    Raises:
        ToolError: a tool is missing, or the file is no bitstream of the device.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    bits, pins = out_dir / "bitstream.asc", out_dir / "pins.pcf"
    log = out_dir / "iceunpack.log"
    run(ICEUNPACK, [relative(bitstream, out_dir), bits.name], cwd=out_dir, log=log)
    require_output(ICEUNPACK, bits, log)
    # icebox reads no options in a PCF file.
    ports = [f"set_io {port} {pin.pin}\n" for port, pin in chip_pins(board)]
    write_atomic(pins, "".join(ports))
    raw, log = out_dir / "icebox.v", out_dir / "icebox.log"
    options = ["-s", "-d", board.fpga.package, "-p", pins.name, bits.name]
    run(ICEBOX_VLOG, options, cwd=out_dir, log=log, output=raw)
    require_output(ICEBOX_VLOG, raw, log)
    netlist, models = out_dir / "netlist.v", out_dir / "ice40_cells.v"
    write_atomic(netlist, plain_header(raw.read_text(), bitstream))
    write_atomic(models, _PLAIN_MODELS + yosys.share("ice40/cells_sim.v").read_text())
    return [netlist, models]


def plain_header(verilog: str, source: Path) -> str:
    """Rewrite the module header with directions apart: icebox declares its ports a second time below.

    Raises:
        ToolError: there is no module `chip`, so `source` was no bitstream of ours.
    """
    found = _HEADER.search(verilog)
    if found is None:
        raise ToolError(f"{source}: icebox found no design in it; run the build again")
    ports = [port.split() for port in found["ports"].split(",")]
    names = ", ".join(name for _, name in ports)
    directions = "".join(f"\n  {direction} {name};" for direction, name in ports)
    head = f"module chip ({names});{directions}"
    return verilog[: found.start()] + head + verilog[found.end() :]
