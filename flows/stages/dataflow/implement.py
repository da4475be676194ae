"""implement: Vivado from the project to the bitstream, where it is on the PATH."""

from __future__ import annotations

from pathlib import Path

from flows.stages.context import Context, Outcome
from flows.stages.vivado import implement
from toolchain.vivado.find import Vivado
from toolchain.vivado.implement import Result
from toolchain.vivado.implement import implement as run_project


def run(context: Context) -> Outcome:
    """Write the bitstream, or nothing where Vivado is absent."""

    def run_vivado(vivado: Vivado, work: Path) -> tuple[Result, None]:
        return run_project(vivado, context.layout.stage("project"), work / "vivado", context.progress), None

    return implement(context, run_vivado)
