"""implement: a bitstream by Vivado; nothing where it is absent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from flows.stages.context import Context, Outcome
from flows.stages.finn.target import finish_spec
from flows.stages.vivado.result import DRIVER, keep
from toolchain.finn.finish import finish
from toolchain.results.facts import VivadoFacts
from toolchain.vivado.find import Vivado, find_vivado
from toolchain.vivado.implement import Result, implement

Implement = Callable[[Context, Vivado], tuple[Result, Path | None]]
"""Gives what Vivado made, and FINN's driver settings where there are any."""


def run(context: Context) -> Outcome:
    """Write the bitstream and what belongs to it, or nothing where Vivado is absent.

    Raises:
        ToolError: Vivado cannot be used, or failed.
        TimingError: the routed design does not meet its clock.
        FitError: the design is larger than the device.
    """
    vivado = find_vivado(os.environ)
    clock = context.amd_board.clock.mhz
    if vivado is None:
        summary = "no Vivado on the PATH: the package will be a hand-off, to be finished where there is one"
        return Outcome(summary, facts=VivadoFacts(status="handoff", kind="requested", clock_mhz=clock))
    result, driver = _BY_FLOW[context.request.flow](context, vivado)
    if driver:
        shutil.copytree(driver, context.out / DRIVER)
    made = keep(result, context.out)
    facts = VivadoFacts(status="bitstream", kind="requested", clock_mhz=clock, vivado=made)
    use, timing = result.resources, result.timing
    reached = f"{timing.fmax_mhz:.1f} MHz of {clock:g} needed"
    summary = f"{use['lut']:,} LUT, {use['ff']:,} FF; {reached} (measured by Vivado)"
    return Outcome(summary, facts=facts, tools={"Vivado": vivado.version})


def _project(context: Context, vivado: Vivado) -> tuple[Result, None]:
    return implement(vivado, context.layout.stage("project"), context.work / "vivado", context.progress), None


def _finn(context: Context, vivado: Vivado) -> tuple[Result, Path]:
    model, work = context.file("project", "model.onnx"), context.work
    finished = finish(model, finish_spec(context), vivado, work / "result", work / "finn", context.progress)
    return finished.result, finished.deploy / "driver"


_BY_FLOW: dict[str, Implement] = {"dataflow": _project, "finn": _finn}
