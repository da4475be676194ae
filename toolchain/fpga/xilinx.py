"""AMD devices: what a core takes of them, synthesised by Yosys. Place and route is Vivado's (`toolchain/vivado`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from toolchain.errors import ToolError
from toolchain.files import write_atomic
from toolchain.fpga import yosys
from toolchain.fpga.backend import BlockRam
from toolchain.fpga.results import Synthesis, Usage
from toolchain.fpga.tools import YOSYS, relative
from toolchain.progress import Progress

Family = Literal["zynq_7000", "zynq_ultrascale"]

# Half of a RAMB36, as `resources.bram` of a board counts.
BLOCK_RAM = BlockRam(
    ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)), lut_ram=True, two_port_bits=18
)

FACTOR_BITS: dict[Family, int] = {"zynq_7000": 24, "zynq_ultrascale": 26}
"""Unsigned bits of the wider side of DSP48E1 and DSP48E2, whose inputs are signed."""

_YOSYS_NAMES = {"zynq_7000": "xc7", "zynq_ultrascale": "xcup"}

# Cells that RTL may instantiate, and the files of Yosys's library that declare them.
_CELLS = {
    "zynq_7000": {"LUT6_2": "cells_sim.v", "DSP48E1": "cells_sim.v"},
    "zynq_ultrascale": {"LUT6_2": "cells_sim.v", "DSP48E2": "cells_xtra.v"},
}

# LUTs of a distributed RAM: UG474 (7 series) and UG574 (UltraScale), chapter 2. A RAMB36 is two halves of 18 kbit.
# Multiplexers and carry chains lie beside the LUTs.
_CELL_WEIGHTS = (
    ("LUT", "lut", 1),
    ("INV", "lut", 1),
    ("SRL", "lut", 1),
    ("RAM32M16", "lut", 8),
    ("RAM64M8", "lut", 8),
    ("RAM32M", "lut", 4),
    ("RAM64M", "lut", 4),
    ("RAM32X16DR8", "lut", 8),
    ("RAM64X8SW", "lut", 8),
    ("RAM64X1S", "lut", 1),
    ("RAM128X1S", "lut", 2),
    ("RAM256X1S", "lut", 4),
    ("RAM512X1S", "lut", 8),
    ("RAM64X1D", "lut", 2),
    ("RAM128X1D", "lut", 4),
    ("RAM256X1D", "lut", 8),
    ("FD", "ff", 1),
    ("LD", "ff", 1),
    ("RAMB18", "bram", 1),
    ("RAMB36", "bram", 2),
    ("DSP", "dsp", 1),
)


def synthesise(
    family: Family,
    top: str,
    sources: Sequence[Path],
    rtl_dir: Path,
    out_dir: Path,
    *,
    system_verilog: bool = False,
    progress: Progress | None = None,
) -> Synthesis:
    """Map a core, without pads and clock buffers, to a family's cells; writes ``netlist.json`` in `out_dir`.

    `lut` of the result counts mapped LUTs; Vivado may place two small ones with common inputs in one, so that it
    is an upper bound in this respect. `bram` counts halves of 18 kbit.

    Args:
        family: as in ``board.yaml``.
        top: the top module.
        sources: Verilog files.
        rtl_dir: where the files lie that the sources `$readmemh`.
        out_dir: gets the netlist, the script and the log.
        system_verilog: read with slang, which knows all of SystemVerilog, and the cells that FINN instantiates.
        progress: hears of the phases.

    Raises:
        ToolError: Yosys is missing or finds an error in the design.
    """
    command = f"synth_xilinx -family {_YOSYS_NAMES[family]} -flatten -noiopad -noclkbuf"
    if system_verilog:
        command = f"{_read_slang(family, top, sources, rtl_dir, out_dir)}\n{command}"
        sources = []
    netlist, cells = yosys.synthesise(top, sources, rtl_dir, out_dir, command=command, progress=progress)
    return Synthesis(netlist, Usage.count(cells, _CELL_WEIGHTS), f"yosys {YOSYS.version()}")


def _read_slang(family: Family, top: str, sources: Sequence[Path], rtl_dir: Path, out_dir: Path) -> str:
    """The command that reads SystemVerilog. Slang keeps quotes as part of a file name, so that none may hold spaces."""
    declarations = out_dir / "cells.v"
    cells = _CELLS[family]
    write_atomic(declarations, "".join(_declaration(name, library) for name, library in cells.items()))
    options = [
        "-j 1",  # with more threads it hangs where Yosys is built for WebAssembly
        f"--top {top}",
        *(f"--blackboxed-module {name}" for name in cells),
        "--allow-use-before-declare",
        "--ignore-assertions",
        "-Wno-unconnected-output-port",
    ]
    return " ".join(["read_slang", *options, *(relative(path, rtl_dir) for path in [declarations, *sources])])


def _declaration(name: str, library: str) -> str:
    """Ports and parameters of a module of Yosys's library, without its insides."""
    path = yosys.share(f"xilinx/{library}")
    pattern = rf"^module {name}\b[^;]*;\n(?: *(?:parameter|input|output|\(\*)[^\n]*\n)*"
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    if found is None:
        raise ToolError(f"{path}: no module {name}; pyosys is not of the pinned version, reinstall it with `make`")
    return f"{found.group()}endmodule\n"
