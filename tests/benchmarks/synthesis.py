"""One yosys command for all designs that are compared: ``synth_ecp5 -abc9 -nodsp`` in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
import sys
from pyosys import libyosys
design = libyosys.Design()
top, report, *sources = sys.argv[1:]
libyosys.run_pass("read_verilog " + " ".join(sources), design)
libyosys.run_pass(f"synth_ecp5 -abc9 -nodsp -top {top}", design)
libyosys.run_pass(f"tee -q -o {report} stat -json", design)
"""


@dataclass(frozen=True)
class Cells:
    """ECP5 cells of a synthesised design."""

    lut4: int
    ccu2c: int
    ff: int

    @property
    def positions(self) -> int:
        """LUT positions: a CCU2C takes the place of two LUT4."""
        return self.lut4 + 2 * self.ccu2c


def synthesise(top: str, sources: list[Path]) -> Cells:
    """Cells of module `top`."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "stat.json"
        command = [sys.executable, "-c", _SCRIPT, top, str(report), *map(str, sources)]
        subprocess.run(command, check=True, capture_output=True)
        cells = json.loads(report.read_text())["design"]["num_cells_by_type"]
    return Cells(cells.get("LUT4", 0), cells.get("CCU2C", 0), cells.get("TRELLIS_FF", 0))
