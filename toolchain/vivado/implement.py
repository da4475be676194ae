"""From a project of `project.py` to a bitstream."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from toolchain.errors import TimingError, ToolError
from toolchain.progress import Progress
from toolchain.vivado.find import Vivado
from toolchain.vivado.project import SCRIPT
from toolchain.vivado.reports import Timing, parse_timing, parse_utilisation, without_origin
from toolchain.vivado.run import LOG, run_batch

_REPORTS = ("utilisation", "utilisation_core", "utilisation_hierarchical", "timing", "power")


@dataclass(frozen=True)
class Result:
    """A bitstream and what it came to; the figures are of the routed design, kind `measured`.

    Attributes:
        bitstream, hwh: the design and its description, of the same base name as PYNQ wants them.
        xsa: both for AMD's software tools; None where the flow makes none.
        resources: lut, ff, bram (halves of 18 kbit), dsp, uram of the whole design.
        core_resources: the same of our own module alone; None where the flow cannot tell.
        timing: how it stands to its clock, which it meets.
        tool: such as ``"Vivado 2024.1"``.
    """

    bitstream: Path
    hwh: Path
    xsa: Path | None
    resources: dict[str, int]
    timing: Timing
    tool: str
    core_resources: dict[str, int] | None = None


def implement(
    vivado: Vivado, project_dir: Path, out_dir: Path, progress: Progress | None = None, *, jobs: int | None = None
) -> Result:
    """Run the project of `project_dir`, which stays as it is; all that comes of it is in `out_dir`.

    Vivado's own project and log are in ``out_dir/work``; the reports beside the bitstream say neither time nor machine.

    Args:
        vivado: from `find_vivado`.
        project_dir: what `write_project` wrote, with its sources.
        out_dir: takes bitstream, .hwh, .xsa and the reports; earlier ones are removed.
        progress: hears of each step.
        jobs: processes that Vivado may run at a time; all cores if None.

    Raises:
        TimingError: the routed design does not meet its clock.
        FitError: the design is larger than the device.
        ToolError: Vivado failed otherwise.
        BuildError: the disk is full.
    """
    work = out_dir / "work"
    shutil.rmtree(work, ignore_errors=True)
    for earlier in [*out_dir.glob("*.bit"), *out_dir.glob("*.hwh"), *out_dir.glob("*.xsa"), *out_dir.glob("*.rpt")]:
        earlier.unlink()
    run_batch(vivado, project_dir / SCRIPT, work, progress, arguments=[str(jobs or os.cpu_count() or 1)])
    for name in _REPORTS:
        report = _require(work / f"{name}.rpt", work)
        (out_dir / report.name).write_text(without_origin(report.read_text(errors="replace")))
    timing = parse_timing(out_dir / "timing.rpt")
    _require_met(timing, out_dir / "timing.rpt")
    bitstream, hwh, xsa = (_result(work, out_dir, suffix) for suffix in (".bit", ".hwh", ".xsa"))
    resources = parse_utilisation(out_dir / "utilisation.rpt")
    core = parse_utilisation(out_dir / "utilisation_core.rpt")
    return Result(bitstream, hwh, xsa, resources, timing, vivado.tool, core)


def _require(path: Path, work: Path) -> Path:
    if not path.is_file() or path.stat().st_size == 0:
        raise ToolError(f"Vivado wrote no {path.name} though it ended well; see {work / LOG}")
    return path


def _result(work: Path, out_dir: Path, suffix: str) -> Path:
    """Copy the one result with this suffix."""
    found = sorted(work.glob(f"*{suffix}"))
    if len(found) != 1:
        raise ToolError(f"Vivado wrote {len(found)} files *{suffix} though it ended well, expected 1; see {work / LOG}")
    return Path(shutil.copyfile(_require(found[0], work), out_dir / found[0].name))


def _require_met(timing: Timing, report: Path) -> None:
    if timing.met:
        return
    if timing.wns_ns >= 0:
        raise TimingError(
            f"clock {timing.clock}: hold or pulse width is violated (WHS {timing.whs_ns:g} ns, WPWS {timing.wpws_ns:g} "
            f"ns); see {report}; lower clock.mhz of the board or try another version of Vivado"
        )
    failing, total = timing.failing_endpoints
    raise TimingError(
        f"clock {timing.clock} reaches {timing.fmax_mhz:.2f} MHz, {1000 / timing.period_ns:.2f} MHz needed "
        f"(WNS {timing.wns_ns:g} ns; {failing:,} of {total:,} endpoints fail); slowest path "
        f"{timing.critical_path or 'not reported'}; see {report}; ask for a lower FPS, choose the other STRATEGY or "
        "FLOW, or lower clock.mhz of the board"
    )
