"""One yosys command a family for all designs that are compared, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

COMMANDS = {
    "ecp5": "synth_ecp5 -abc9 -nodsp",
    "zynq_ultrascale": "synth_xilinx -family xcup -flatten -nodsp -abc9",
}
"""By the word of a board's `fpga.family`; those of the tables against the peer."""

SERIES_7 = {"zynq_7000": "synth_xilinx -family xc7 -flatten -nodsp -abc9"}
"""Of devices such as xc7a35t and xc7z020."""

_SCRIPT = """
import sys
from pyosys import libyosys
design = libyosys.Design()
top, report, command, *sources = sys.argv[1:]
libyosys.run_pass("read_verilog " + " ".join(sources), design)
libyosys.run_pass(f"{command} -top {top}", design)
libyosys.run_pass(f"tee -q -o {report} stat -json", design)
"""


@dataclass(frozen=True)
class Cells:
    """Cells of a synthesised design.

    Attributes:
        luts: look-up tables; one with two outputs (LUT6_2) counts once, inverters and shift registers not.
        ccu2c: ECP5's carry cells; carries: those of any family; ff: flip-flops.
        paired: of the look-up tables those with two outputs.
        blocks: block RAMs of ECP5.
    """

    luts: int
    ccu2c: int
    carries: int
    ff: int
    paired: int
    blocks: int

    @property
    def positions(self) -> int:
        """LUT positions: a CCU2C takes the place of two LUT4."""
        return self.luts + 2 * self.ccu2c


def synthesise(top: str, sources: list[Path], family: str = "ecp5") -> Cells:
    """Cells of module `top`."""
    cells = cells_of(top, sources, (COMMANDS | SERIES_7)[family])

    def count(*prefixes: str) -> int:
        return sum(number for name, number in cells.items() if name.startswith(prefixes))

    carries = count("CCU2C", "CARRY")
    return Cells(count("LUT"), count("CCU2C"), carries, count("TRELLIS_FF", "FD"), count("LUT6_2"), count("DP16KD"))


def cells_of(top: str, sources: list[Path], command: str) -> dict[str, int]:
    """How many cells of each type a synthesis command makes of module `top`, whose ROM files lie beside its sources."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "stat.json"
        call = [sys.executable, "-c", _SCRIPT, top, str(report), command, *(str(path.resolve()) for path in sources)]
        subprocess.run(call, check=True, capture_output=True, cwd=sources[0].parent)
        counted: dict[str, int] = json.loads(report.read_text())["design"]["num_cells_by_type"]
    return counted
