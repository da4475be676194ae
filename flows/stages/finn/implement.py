"""implement: FINN's own steps from its model to the bitstream, where Vivado and Vitis HLS are on the PATH."""

from __future__ import annotations

from pathlib import Path

from flows.stages.context import Context, Outcome
from flows.stages.finn.target import finish_spec
from flows.stages.vivado import implement
from toolchain.finn.finish import finish
from toolchain.vivado.find import Vivado
from toolchain.vivado.implement import Result


def run(context: Context) -> Outcome:
    """Write the bitstream, or nothing where Vivado is absent."""

    def run_finn(vivado: Vivado, work: Path) -> tuple[Result, Path]:
        model = context.file("project", "model.onnx")
        finished = finish(model, finish_spec(context), vivado, work / "result", work / "finn", context.progress)
        return finished.result, finished.deploy / "driver"

    return implement(context, run_finn)
