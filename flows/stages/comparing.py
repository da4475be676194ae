"""Rows of the comparison: our own cores, folded and unrolled, and FINN's, made from the same network for the same aim.

A core that does not fit, or that FINN cannot map, is a row that says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.rtl.core_check import cycles_of, must_agree, spread
from flows.stages.rtl.folding import fold_as
from flows.stages.xilinx import MOST_LUT
from hls.axi_chip import LINK_COST
from hls.generate import generate_core
from hls.simulate import simulate_core
from toolchain.errors import FitError, ModelError
from toolchain.files import write_json
from toolchain.fpga.results import Synthesis
from toolchain.fpga.xilinx import synthesise
from toolchain.results.core import CoreDescription
from toolchain.results.facts import CompareFacts, CoreRow, FoldFacts, SimulateFacts
from toolchain.results.facts.compare import RESOURCES

# Enough to fill every pipeline; the whole test set is the business of the core's own build.
VECTORS = 64

_OWN_ESTIMATE = "gateweave, 4-input LUTs"


@dataclass(frozen=True)
class Cycles:
    """Where a row's cycles come from, and what they are."""

    kind: str | None = None
    latency: int | None = None
    interval: int | None = None


@dataclass(frozen=True)
class CoreUse:
    """Resources of a core whose other ones nothing tells."""

    lut: int
    ff: int


_NO_CYCLES = Cycles()


def side_by_side(context: Context, rows: list[CoreRow]) -> Outcome:
    """Write `comparison.json`."""
    write_json(context.out / "comparison.json", [row.to_json() for row in rows])
    facts = CompareFacts(core=context.request.core, rows=tuple(rows))
    return Outcome(f"{len(rows)} rows for {len({row.core for row in rows})} cores", facts=facts)


def own_rows(context: Context, strategy: str) -> list[CoreRow]:
    """Our own core of a strategy: what folding expects, and what Yosys and the simulation say."""
    return rows_or_reason(strategy, lambda: _own_rows(context, strategy))


def rows_or_reason(core: str, make: Callable[[], list[CoreRow]]) -> list[CoreRow]:
    """The rows of a core, or the one that says why it is missing."""
    try:
        return make()
    except (FitError, ModelError) as error:
        return [row(core, "synthesised", "", None, note=str(error))]


def built_rows(context: Context) -> list[CoreRow]:
    """The same of the core that this build has folded, generated and simulated already."""
    chip = files.chip(context)
    folding = context.facts("fold", FoldFacts).folding
    core, use = context.request.core, CoreUse(int(folding.estimate.lut), int(folding.estimate.ff))
    if note := too_large(context, f"{core} core", use.lut):
        return [_estimate(core, use, folding.initiation_interval, note)]
    mapped, cycles = _mapped(context, chip.core, chip.rtl), context.facts("simulate", SimulateFacts)
    return [_estimate(core, use, folding.initiation_interval), synthesised(core, mapped, cycles)]


def _own_rows(context: Context, strategy: str) -> list[CoreRow]:
    context.progress(f"{strategy} core")
    network, work = files.network(context), context.work / strategy
    folding = fold_as(context, strategy, LINK_COST)
    use = CoreUse(folding.estimate.lut, folding.estimate.ff)
    if note := too_large(context, f"{strategy} core", use.lut):
        return [_estimate(strategy, use, folding.initiation_interval, note)]
    shutil.rmtree(work / "rtl", ignore_errors=True)
    core = generate_core(network, folding, work / "rtl", context.fpga_board.fpga.family)
    x = spread(files.golden_inputs(context), VECTORS)
    simulation = simulate_core(core, network, work / "rtl", x, work / "simulation")
    must_agree(f"{strategy} core", simulation)
    mapped = _mapped(context, core, work / "rtl")
    return [_estimate(strategy, use, folding.initiation_interval), synthesised(strategy, mapped, cycles_of(simulation))]


def too_large(context: Context, core: str, lut: float) -> str:
    """Why a core is not synthesised for the comparison, which the progress says, too; empty if it is.

    Args:
        core: in words.
        lut: look-up tables of the core, as estimated.
    """
    if lut <= MOST_LUT:
        return ""
    note = f"not synthesised: an estimated {lut:,} LUT, and compare stops at {MOST_LUT:,}"
    context.progress(f"{core} {note}")
    return note


def _mapped(context: Context, core: CoreDescription, rtl: Path) -> Synthesis:
    sources = [rtl / name for name in core.sources]
    family, out = context.amd_board.fpga.family, context.work / core.strategy / "synthesis"
    return synthesise(family, core.top, sources, rtl, out, progress=context.progress)


def _estimate(core: str, use: CoreUse, interval: int, note: str = "") -> CoreRow:
    return row(core, "estimated", _OWN_ESTIMATE, use, Cycles("estimated", None, interval), note)


def synthesised(core: str, mapped: Synthesis, cycles: SimulateFacts) -> CoreRow:
    """The row of a core that Yosys has mapped."""
    return row(core, "synthesised", mapped.tool, mapped.resources, simulated(cycles))


def simulated(cycles: SimulateFacts) -> Cycles:
    """Cycles of a simulation."""
    return Cycles("simulated", cycles.latency_cycles, cycles.initiation_interval)


def row(
    core: str, kind: str, tool: str, resources: object | None, cycles: Cycles = _NO_CYCLES, note: str = ""
) -> CoreRow:
    """One row.

    Args:
        resources: holds them by name; those that it lacks are not known.
    """
    return CoreRow.model_validate(
        {
            "core": core,
            "kind": kind,
            "tool": tool,
            **{name: getattr(resources, name, None) for name in RESOURCES},
            "latency_cycles": cycles.latency,
            "initiation_interval": cycles.interval,
            "cycles_kind": cycles.kind,
            "note": note,
        }
    )


def work_of(context: Context, name: str) -> Path:
    """An empty scratch folder."""
    path = context.work / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
