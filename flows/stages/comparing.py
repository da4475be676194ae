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
from flows.stages.context import Context
from flows.stages.core_check import must_agree, spread
from flows.stages.folding import fold_as
from hls.axi_chip import LINK_KBIT, LINK_LUT
from hls.generate import generate_core
from hls.simulate import CoreSimulation, simulate_core
from toolchain.errors import FitError, ModelError
from toolchain.fpga.results import Synthesis
from toolchain.fpga.xilinx import synthesise

Row = dict[str, Any]

# Enough to fill every pipeline; the whole test set is the business of the core's own build.
VECTORS = 64

_OWN_ESTIMATE = "gateweave, 4-input LUTs"
_RESOURCES = ("lut", "ff", "bram", "dsp")


def own_rows(context: Context, strategy: str) -> list[Row]:
    """Our own core of a strategy: what folding expects, and what Yosys and the simulation say."""
    return rows_or_reason(strategy, lambda: _own_rows(context, strategy))


def rows_or_reason(core: str, make: Callable[[], list[Row]]) -> list[Row]:
    """The rows of a core, or the one that says why it is missing."""
    try:
        return make()
    except (FitError, ModelError) as error:
        return [row(core, "synthesised", "", {}, note=str(error))]


def _own_rows(context: Context, strategy: str) -> list[Row]:
    context.progress(f"{strategy} core")
    network, work = files.network(context), context.work / strategy
    folding = fold_as(context, strategy, LINK_LUT, LINK_KBIT)
    shutil.rmtree(work / "rtl", ignore_errors=True)
    core = generate_core(network, folding, work / "rtl")
    x = spread(files.golden_inputs(context), VECTORS)
    simulated = simulate_core(core, network, work / "rtl", x, work / "simulation")
    must_agree(f"{strategy} core", simulated)
    sources = [work / "rtl" / name for name in core.sources]
    family = context.amd_board.fpga.family
    mapped = synthesise(family, core.top, sources, work / "rtl", work / "synthesis", progress=context.progress)
    interval = {"initiation_interval": folding.initiation_interval, "cycles_kind": "estimated"}
    estimate = row(strategy, "estimated", _OWN_ESTIMATE, {**folding.estimate, "bram": None}, interval)
    return [estimate, synthesised(strategy, mapped, simulated)]


def synthesised(core: str, mapped: Synthesis, simulated: CoreSimulation) -> Row:
    """The row of a core that Yosys has mapped and Verilator has run."""
    cycles = {
        "latency_cycles": simulated.latency_cycles,
        "initiation_interval": simulated.initiation_interval,
        "cycles_kind": "simulated",
    }
    return row(core, "synthesised", mapped.tool, asdict(mapped.resources), cycles)


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
