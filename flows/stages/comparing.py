"""Rows of the comparison: our own cores, folded and unrolled, and FINN's, made from the same network for the same aim.

A core that does not fit, or that FINN cannot map, is a row that says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.stages import files
from flows.stages.context import Context, Outcome
from flows.stages.rtl.core_check import cycles_of, must_agree, spread
from flows.stages.rtl.folding import fold_as
from hls.axi_chip import LINK_COST
from hls.core import CoreDescription
from hls.folding import Folding
from hls.generate import generate_core
from hls.simulate import simulate_core
from toolchain.errors import FitError, ModelError
from toolchain.files import write_json
from toolchain.fpga.results import Synthesis
from toolchain.fpga.xilinx import synthesise

Row = dict[str, Any]

# Enough to fill every pipeline; the whole test set is the business of the core's own build.
VECTORS = 64

# Look-up tables (estimated) of a core that is synthesised for the comparison's sake: four minutes and more above them.
MOST_LUT = 40_000

_OWN_ESTIMATE = "gateweave, 4-input LUTs"
_RESOURCES = ("lut", "ff", "bram", "dsp")


def side_by_side(context: Context, rows: list[Row]) -> Outcome:
    """Write `comparison.json`."""
    write_json(context.out / "comparison.json", rows)
    facts = {"core": context.request.core, "rows": rows}
    return Outcome(f"{len(rows)} rows for {len({row['core'] for row in rows})} cores", facts=facts)


def own_rows(context: Context, strategy: str) -> list[Row]:
    """Our own core of a strategy: what folding expects, and what Yosys and the simulation say."""
    return rows_or_reason(strategy, lambda: _own_rows(context, strategy))


def rows_or_reason(core: str, make: Callable[[], list[Row]]) -> list[Row]:
    """The rows of a core, or the one that says why it is missing."""
    try:
        return make()
    except (FitError, ModelError) as error:
        return [row(core, "synthesised", "", {}, note=str(error))]


def built_rows(context: Context) -> list[Row]:
    """The same of the core that this build has folded, generated and simulated already."""
    chip = files.chip(context)
    folding = Folding.from_json(context.record("fold").facts["folding"])
    estimate = _estimate(folding)
    if note := too_large(context, f"{folding.strategy} core", folding.estimate):
        return [{**estimate, "note": note}]
    mapped = _mapped(context, chip.core, chip.rtl)
    return [estimate, synthesised(folding.strategy, mapped, context.record("simulate").facts)]


def _own_rows(context: Context, strategy: str) -> list[Row]:
    context.progress(f"{strategy} core")
    network, work = files.network(context), context.work / strategy
    folding = fold_as(context, strategy, LINK_COST)
    estimate = _estimate(folding)
    if note := too_large(context, f"{strategy} core", folding.estimate):
        return [{**estimate, "note": note}]
    shutil.rmtree(work / "rtl", ignore_errors=True)
    core = generate_core(network, folding, work / "rtl")
    x = spread(files.golden_inputs(context), VECTORS)
    simulated = simulate_core(core, network, work / "rtl", x, work / "simulation")
    must_agree(f"{strategy} core", simulated)
    mapped = _mapped(context, core, work / "rtl")
    return [estimate, synthesised(strategy, mapped, cycles_of(simulated))]


def too_large(context: Context, core: str, estimate: Mapping[str, float]) -> str:
    """Why a core is not synthesised for the comparison, which the progress says, too; empty if it is.

    Args:
        core: in words.
        estimate: `lut` of the core.
    """
    if estimate["lut"] <= MOST_LUT:
        return ""
    note = f"not synthesised: an estimated {estimate['lut']:,} LUT, and compare stops at {MOST_LUT:,}"
    context.progress(f"{core} {note}")
    return note


def _mapped(context: Context, core: CoreDescription, rtl: Path) -> Synthesis:
    sources = [rtl / name for name in core.sources]
    family, out = context.amd_board.fpga.family, context.work / core.strategy / "synthesis"
    return synthesise(family, core.top, sources, rtl, out, progress=context.progress)


def _estimate(folding: Folding) -> Row:
    interval = {"initiation_interval": folding.initiation_interval, "cycles_kind": "estimated"}
    return row(folding.strategy, "estimated", _OWN_ESTIMATE, {**folding.estimate, "bram": None}, interval)


def synthesised(core: str, mapped: Synthesis, cycles: Mapping[str, Any]) -> Row:
    """The row of a core that Yosys has mapped; `cycles` as `cycles_of` has them."""
    return row(core, "synthesised", mapped.tool, asdict(mapped.resources), {**cycles, "cycles_kind": "simulated"})


def row(
    core: str,
    kind: str,
    tool: str,
    resources: Mapping[str, Any],
    cycles: Mapping[str, Any] | None = None,
    note: str = "",
) -> Row:
    """One row; see `toolchain.report.compare.Row`."""
    none = {"latency_cycles": None, "initiation_interval": None, "cycles_kind": None}
    used = {name: resources.get(name) for name in _RESOURCES}
    return {"core": core, "kind": kind, "tool": tool, **used, **none, **(cycles or {}), "note": note}


def work_of(context: Context, name: str) -> Path:
    """An empty scratch folder."""
    path = context.work / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
