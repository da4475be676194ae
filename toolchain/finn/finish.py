"""From a mapped model to a bitstream by FINN's own steps, where Vivado and Vitis HLS are.

The same code runs in the local build and on another machine out of a hand-off. It needs finn-plus with what that needs,
and FINN's library of HLS sources (finn-hlslib) for the DMAs at both ends; the network itself is RTL throughout.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ConfigError, GateweaveError, ToolError
from toolchain.finn import tools
from toolchain.finn.adapter import Finn, aloud, enter, require_version
from toolchain.finn.faults import step
from toolchain.finn.watch import watching
from toolchain.progress import Progress
from toolchain.vivado.find import Vivado
from toolchain.vivado.implement import Result, implement
from toolchain.vivado.project import SCRIPT

_LAST_VITIS_HLS = (2024, 2)
_COLLECT = Path(__file__).with_name("collect.tcl")
_SETTINGS = "settings.tcl"
_TOOLS = "tools"
_MEND = "the log says more; FLOW=dataflow needs no Vitis HLS"


@dataclass(frozen=True)
class FinishSpec:
    """What to finish.

    Attributes:
        name: of the bitstream.
        board: FINN's name of the board.
        part: Vivado's part name, which must be the one that FINN has for the board.
        clock_ns: clock period in nanoseconds.
    """

    name: str
    board: str
    part: str
    clock_ns: float


@dataclass(frozen=True)
class Finished:
    """A bitstream with FINN's driver settings.

    Attributes:
        result: bitstream, reports and figures of the routed design.
        deploy: FINN's deployment package: ``bitfile/`` and ``driver/settings.json``.
    """

    result: Result
    deploy: Path


def require_tools(vivado: Vivado) -> None:
    """Check all that `finish` needs besides Vivado, before any work.

    Raises:
        ToolError: finn-plus, Vitis HLS or FINN's HLS library is missing.
    """
    require_version()
    tool = _hls_tool(vivado)
    if shutil.which(tool) is None:
        raise ToolError(
            f"{tool} is not on the PATH, and FINN's DMAs need Vitis HLS; install it with Vivado {vivado.version} and "
            "source its settings64.sh, or build with FLOW=dataflow"
        )


def finish(
    model: Path,
    spec: FinishSpec,
    vivado: Vivado,
    out_dir: Path,
    work_dir: Path,
    progress: Progress,
    *,
    jobs: int | None = None,
) -> Finished:
    """Build the bitstream of a mapped model (`model.onnx` of `map_network`).

    Args:
        vivado: from `toolchain.vivado.find.find_vivado`.
        out_dir: takes the bitstream, the reports and FINN's deployment package.
        work_dir: takes FINN's and Vivado's projects and logs; emptied first.
        jobs: processes that Vivado may run at a time; all cores if None.

    Raises:
        ToolError: a tool is missing or failed; says what it said first.
        TimingError: the routed design does not meet its clock.
        FitError: the design is larger than the device.
        ConfigError: FINN does not know the board, or has another part for it.
    """
    require_tools(vivado)
    progress = aloud(progress)
    shutil.rmtree(work_dir, ignore_errors=True)
    settings = {**build_settings(spec), "output_dir": str(work_dir.absolute() / "finn")}
    with enter(work_dir, jobs or os.cpu_count() or 1) as finn:
        _require_part(finn, spec)
        _require_library(finn)
        build = finn.config.DataflowBuildConfig.from_dict(settings)
        tools.write_wrappers(_programs(vivado), work_dir.absolute() / _TOOLS)
        with _environment(finn, vivado, work_dir), watching(work_dir, progress):
            built = _run_steps(finn, ModelWrapper(str(model)), build, work_dir, progress)
    project = _collecting_project(spec, Path(built.get_metadata_prop("vivado_pynq_proj")), work_dir)
    result = implement(vivado, project, out_dir, progress, jobs=jobs)
    deploy = out_dir / "deploy"
    shutil.rmtree(deploy, ignore_errors=True)
    shutil.copytree(build.get_deploy_directory(), deploy)
    return Finished(result, deploy)


def _hls_tool(vivado: Vivado) -> str:
    """Name of the Vitis HLS that belongs to a Vivado."""
    year, release = vivado.version.split(".")[:2]
    return "vitis-run" if (int(year), int(release)) > _LAST_VITIS_HLS else "vitis_hls"


def _programs(vivado: Vivado) -> dict[str, Path]:
    hls = _hls_tool(vivado)
    return {"vivado": vivado.path, hls: Path(shutil.which(hls) or hls)}


@contextlib.contextmanager
def _environment(finn: Finn, vivado: Vivado, work_dir: Path) -> Iterator[None]:
    """The variables that FINN's scripts for Vivado read, for the length of a `with` block.

    FINN takes Vivado's version out of the path XILINX_VIVADO, and nothing else.
    """
    settings = finn.get("util.settings", "get_settings")()
    root = str(vivado.path.resolve().parent.parent)
    release = ".".join(vivado.version.split(".")[:2])
    wanted = {
        "XILINX_VIVADO": root if re.search(rf"\b{re.escape(release)}\b", root) else f"{root}/{release}",
        "FINN_RTLLIB": str(settings.finn_rtllib),
        "FINN_CUSTOM_HLS": str(settings.finn_custom_hls),
        tools.FOLDER_VARIABLE: str(work_dir.absolute() / _TOOLS),
    }
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _require_part(finn: Finn, spec: FinishSpec) -> None:
    known = finn.get("util.basic", "pynq_part_map")
    part = known.get(spec.board)
    if part is None:
        raise ConfigError(f"board {spec.board}: FINN knows only {', '.join(known)}; use FLOW=dataflow")
    if part != spec.part:
        raise ConfigError(f"board {spec.board}: FINN has {part} on it, board.yaml {spec.part}; use FLOW=dataflow")


def _require_library(finn: Finn) -> None:
    library = finn.get("util.settings", "get_settings")().finn_deps / "finn-hlslib"
    if not (library / "dma.h").is_file():
        raise ToolError(
            f"FINN's HLS library is not in {library}; fetch it with `finn deps update` (needs the network), or set "
            "FINN_DEPS to a folder that holds finn-hlslib"
        )


def build_settings(spec: FinishSpec) -> dict[str, Any]:
    """FINN's build configuration up to the deployment package: plain JSON, without the folder it writes to.

    The FIFOs keep the depths that the mapping gave them.
    """
    return {
        "synth_clk_period_ns": spec.clock_ns,
        "board": spec.board,
        "fpga_part": spec.part,
        "shell_flow_type": "vivado_zynq",
        "generate_outputs": ["bitfile", "pynq_driver", "deployment_package"],
        "standalone_thresholds": True,
        "auto_fifo_depths": True,
        "auto_fifo_strategy": "force_minimal_fifos",
    }


def _run_steps(finn: Finn, model: ModelWrapper, build: Any, work_dir: Path, progress: Progress) -> ModelWrapper:
    """FINN's steps, the hardware generation to the deployment package."""
    steps = (
        ("FIFOs and RTL generation", finn.steps.step_set_fifo_depths),
        ("Vivado and Vitis HLS", finn.steps.step_synthesize_bitfile),
        ("driver settings", finn.steps.step_make_driver),
        ("deployment package", finn.steps.step_deployment_package),
    )
    for title, run in steps:
        try:
            with step(title, finn.log, progress, kind=ToolError, mend=_MEND):
                model = run(model, build)
        except GateweaveError as error:
            raise (tools.fault(work_dir, work_dir / _TOOLS) or error) from error
    return model


def _collecting_project(spec: FinishSpec, project: Path, work_dir: Path) -> Path:
    """A folder with a script that takes reports and results out of the project that FINN has built."""
    folder = work_dir / "collect"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_COLLECT, folder / SCRIPT)
    settings = f"set name {{{spec.name}}}\nset project {{{project}}}\n"
    (folder / _SETTINGS).write_text(settings)
    return folder
