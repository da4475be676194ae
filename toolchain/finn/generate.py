"""RTL of a mapped model: FINN's width converters and FIFOs between the layers, and the Verilog of each node."""

from __future__ import annotations

import shutil
from pathlib import Path

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.general import GiveReadableTensorNames, GiveUniqueNodeNames

from toolchain.errors import ModelError
from toolchain.files import write_atomic
from toolchain.finn.adapter import Finn, aloud, enter
from toolchain.finn.faults import OTHER_FLOW, step
from toolchain.progress import Progress

PREPARED = "prepared.onnx"


def generate_rtl(model: Path, part: str, clock_ns: float, work_dir: Path, progress: Progress) -> Path:
    """Path of the prepared model in `work_dir`: its nodes know where their Verilog lies (`code_gen_dir_ipgen`).

    The Verilog and its data files, in ``code/<node>/``, depend on the model alone; the prepared model holds absolute
    paths, as FINN wants them.

    Raises:
        ModelError: FINN cannot generate a node; names it.
        ToolError: finn-plus is missing or of another version.
    """
    progress = aloud(progress)
    shutil.rmtree(work_dir, ignore_errors=True)
    with enter(work_dir) as finn:
        with step("width converters and FIFOs", finn.log, progress):
            connected = _connected(finn, ModelWrapper(str(model)), part)
        for index, node in enumerate(connected.graph.node):
            done = f"RTL generation, {index + 1} of {len(connected.graph.node)}"
            with step(done, finn.log, progress):
                _generate(connected, node, part, clock_ns, work_dir.absolute() / "code" / node.name)
    prepared = work_dir / PREPARED
    write_atomic(prepared, connected.model.SerializeToString(deterministic=True))
    return prepared


def _connected(finn: Finn, model: ModelWrapper, part: str) -> ModelWrapper:
    """The model with what its streams need between the layers, all of it RTL."""
    dwc = finn.get("transformation.fpgadataflow.insert_dwc", "InsertDWC")
    fifo = finn.get("transformation.fpgadataflow.insert_fifo", "InsertFIFO")
    specialise = finn.get("transformation.fpgadataflow.specialize_layers", "SpecializeLayers")
    model = model.transform(dwc()).transform(specialise(part))
    model = model.transform(fifo(create_shallow_fifos=True)).transform(specialise(part))
    model = model.transform(GiveUniqueNodeNames()).transform(GiveReadableTensorNames())
    for node in model.graph.node:
        if not node.op_type.endswith("_rtl"):
            raise ModelError(f"node {node.name} ({node.op_type}): FINN has it in HLS only; {OTHER_FLOW}")
    return model


def _generate(model: ModelWrapper, node: NodeProto, part: str, clock_ns: float, folder: Path) -> None:
    """What FINN's `PrepareIP` does to a node, in a folder whose name is always the same."""
    folder.mkdir(parents=True)
    operator = getCustomOp(node)
    operator.set_nodeattr("code_gen_dir_ipgen", str(folder))
    operator.code_generation_ipgen(model, part, clock_ns)
