"""implement: FINN's own steps from its model to the bitstream, where Vivado and Vitis HLS are on the PATH."""

from __future__ import annotations

from pathlib import Path

from flows.stages.context import Context, Outcome
from flows.stages.finn.target import clock_ns
from flows.stages.vivado import implement
from toolchain.finn.finish import FinishSpec, finish
from toolchain.vivado.find import Vivado
from toolchain.vivado.implement import Result


def run(context: Context) -> Outcome:
    """Write the bitstream, or nothing where Vivado is absent."""
    board = context.amd_board
    spec = FinishSpec(f"{board.name}-{context.request.model}", board.name, board.fpga.part, clock_ns(context))

    def run_finn(vivado: Vivado, work: Path) -> tuple[Result, Path]:
        model = context.file("project", "model.onnx")
        finished = finish(model, spec, vivado, work / "result", work / "finn", context.progress)
        return finished.result, finished.deploy / "driver"

    return implement(context, run_finn)
