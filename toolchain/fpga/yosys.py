"""Synthesis and netlist conversion with Yosys (pyosys), each run in a process of its own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from toolchain.errors import ToolError
from toolchain.files import write_atomic
from toolchain.fpga.tools import YOSYS, relative, require_output, run
from toolchain.progress import Progress


def synthesise(
    top: str,
    sources: Sequence[Path],
    rtl_dir: Path,
    out_dir: Path,
    *,
    command: str,
    preparation: Sequence[str] = (),
    before_flip_flops: Sequence[str] = (),
    logic_ps: int | None = None,
    progress: Progress | None = None,
) -> tuple[Path, dict[str, int]]:
    """Map Verilog to a family's cells.

    Args:
        top: the top module.
        sources: Verilog files.
        rtl_dir: where Yosys runs, and where the ROMs lie that the sources `$readmemh`.
        out_dir: gets ``netlist.json``, ``synthesis.ys`` and ``synthesis.log``.
        command: the family's synthesis command, such as ``"synth_ice40 -device u"``.
        preparation: passes before it, which find the hierarchy elaborated.
        before_flip_flops: passes in its midst, before flip-flops become the device's.
        logic_ps: picoseconds that ABC9 may let logic take, to save LUTs; None: as little as it can.
        progress: hears of the phases.

    Returns:
        The netlist and how many cells of each type it has.

    Raises:
        ToolError: Yosys is missing or finds an error in the design.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    netlist, statistics = out_dir / "netlist.json", out_dir / "statistics.json"
    read = [f"read_verilog {_quote(path, rtl_dir)}" for path in sources]
    script = [
        *read,
        *([f"hierarchy -top {top}", *preparation] if preparation else ()),
        *([f"scratchpad -set abc9.D {logic_ps}"] if logic_ps else ()),
        *_halves(f"{command} -top {top}", before_flip_flops),
        # Source positions and the insides of library cells name this machine's folders; without them
        # equal designs give equal bytes.
        "delete =A:blackbox/c:* =A:blackbox/w:$*",
        "setattr -mod -unset src =*",
        "setattr -unset src =*/*",
        "delete t:$scopeinfo",
        f"tee -q -o {_quote(statistics, rtl_dir)} stat -json",
        f"write_json {_quote(netlist, rtl_dir)}",
    ]
    _run_script(script, rtl_dir, out_dir, "synthesis", progress)
    require_output(YOSYS, netlist, out_dir / "synthesis.log")
    return netlist, _cell_counts(statistics)


def _halves(command: str, between: Sequence[str]) -> list[str]:
    """A synthesis command, cut in two where passes come between."""
    return [f"{command} -run :map_ffs", *between, f"{command} -run map_ffs:"] if between else [command]


def cells_of(netlist: Path, top: str) -> Counter[str]:
    """How many cells of each type the top module of a JSON netlist has."""
    cells = json.loads(netlist.read_text())["modules"][top]["cells"]
    return Counter(str(cell["type"]) for cell in cells.values())


def json_to_verilog(netlist: Path, verilog: Path, top: str, rename: str) -> Path:
    """Write a JSON netlist as Verilog, its top module renamed.

    Raises:
        ToolError: Yosys is missing or cannot read the netlist.
    """
    folder = verilog.parent
    script = [
        f"read_json {_quote(netlist, folder)}",
        f"rename {top} {rename}",
        f"write_verilog -noattr {_quote(verilog, folder)}",
    ]
    _run_script(script, folder, folder, "convert", None)
    return require_output(YOSYS, verilog, folder / "convert.log")


def share(name: str) -> Path:
    """A file of Yosys's own library, such as ``"ice40/cells_sim.v"``.

    Raises:
        ToolError: Yosys is missing.
    """
    YOSYS.version()
    import pyosys

    path = Path(str(pyosys.__file__)).parent / "share" / name
    if not path.is_file():
        raise ToolError(f"{path} is missing; reinstall pyosys with `make`")
    return path


def _run_script(lines: Sequence[str], cwd: Path, out_dir: Path, name: str, progress: Progress | None) -> None:
    script = out_dir / f"{name}.ys"
    write_atomic(script, "\n".join(lines) + "\n")
    log = out_dir / f"{name}.log"
    run(YOSYS, [relative(script, cwd)], cwd=cwd, log=log, progress=progress)


def _quote(path: Path, cwd: Path) -> str:
    # Quotes let a folder's name hold spaces.
    return f'"{relative(path, cwd)}"'


def _cell_counts(statistics: Path) -> dict[str, int]:
    """Number of cells by type from the file of `stat -json`, which then goes."""
    counts = json.loads(statistics.read_text())["design"]["num_cells_by_type"]
    statistics.unlink()
    return {str(kind): int(number) for kind, number in counts.items()}
