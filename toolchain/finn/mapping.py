"""From an integer graph to a folded FINN dataflow model, with estimates."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.general import GiveUniqueNodeNames

from toolchain.errors import ModelError
from toolchain.files import write_atomic, write_json
from toolchain.finn.adapter import Finn, aloud, enter
from toolchain.finn.estimate import facts_of
from toolchain.finn.faults import OTHER_FLOW, step
from toolchain.finn.folding import RESOURCES, choose
from toolchain.finn.layers import Chain
from toolchain.finn.lowering import lowered
from toolchain.finn.model import model_of
from toolchain.finn.parallelism import apply, is_7_series, options_of
from toolchain.graph.graph import Graph
from toolchain.progress import Progress
from toolchain.results.facts import MapFacts

MODEL, PARENT, FOLDING, ESTIMATES = "model.onnx", "parent.onnx", "folding.json", "estimates.json"


@dataclass(frozen=True)
class MapTarget:
    """What to map to.

    Attributes:
        part: Vivado's part name.
        resources: what the device holds: `lut`, `ff`, `bram` (halves of 18 Kibit), `dsp`.
        clock_mhz: clock of the design.
        fps: inferences per second to reach, or None for the most that fits.
        share: share of the device that the design may use, above 0 and up to 1.
    """

    part: str
    resources: Mapping[str, int]
    clock_mhz: float
    fps: float | None
    share: float

    @property
    def capacity(self) -> tuple[float, ...]:
        """What the design may use of each resource, in the order of `RESOURCES`."""
        return tuple(float(int(self.resources[name] * self.share)) for name in RESOURCES)


@dataclass(frozen=True)
class Mapped:
    """What `map_network` wrote, and the facts of it, all `estimated`.

    Attributes:
        model: the folded dataflow model; parent: the graph around it; folding: FINN's folding file.
    """

    model: Path
    parent: Path
    folding: Path
    facts: MapFacts


def map_network(graph: Graph, target: MapTarget, out_dir: Path, work_dir: Path, progress: Progress) -> Mapped:
    """Map an integer graph; writes `model.onnx`, `parent.onnx`, `folding.json` and `estimates.json` to `out_dir`.

    Equal inputs give equal bytes.

    Args:
        work_dir: emptied first; takes FINN's own files and its log, `finn.log`.

    Raises:
        ModelError: FINN has no RTL for a node; names it and the mend.
        FitError: it does not fit, or the rate is out of reach; names the best that fits.
        ToolError: finn-plus is missing or of another version.
    """
    chain = lowered(graph)
    progress = aloud(progress)
    progress("starting FINN")
    shutil.rmtree(work_dir, ignore_errors=True)
    with enter(work_dir) as finn:
        build = _build_config(finn, target, work_dir)
        with step("partition", finn.log, progress):
            whole = model_of(chain, narrow=is_7_series(target.part)).transform(GiveUniqueNodeNames())
            model = finn.steps.step_create_dataflow_partition(whole, build)
            parent = ModelWrapper(str(build.get_intermediate_models_directory() / "dataflow_parent.onnx"))
        with step("specialisation", finn.log, progress):
            model = finn.steps.step_specialize_layers(model, build)
        _must_be_rtl(model, chain)
        progress("choosing a folding")
        choice = choose(options_of(model, target.part), target.capacity, target.clock_mhz * 1e6, target.fps)
        with step("folding", finn.log, progress):
            folding = apply(model, choice)
        with step("estimates", finn.log, progress):
            facts = facts_of(finn, model, choice, target.part, target.clock_mhz)
    return _write(model, parent, folding, facts, out_dir)


def _build_config(finn: Finn, target: MapTarget, work_dir: Path) -> Any:
    return finn.config.DataflowBuildConfig(
        output_dir=str(work_dir.absolute() / "finn"),
        synth_clk_period_ns=1000 / target.clock_mhz,
        fpga_part=target.part,
        generate_outputs=[],
        standalone_thresholds=True,
    )


def _must_be_rtl(model: ModelWrapper, chain: Chain) -> None:
    """Refuse layers that FINN made HLS of, which needs Vitis HLS."""
    for node, layer in zip(model.graph.node, chain.layers, strict=True):
        if not node.op_type.endswith("_rtl"):
            raise ModelError(f"node {layer.node}: FINN has it as {node.op_type} only on this device; {OTHER_FLOW}")


def _write(
    model: ModelWrapper, parent: ModelWrapper, folding: dict[str, Any], facts: MapFacts, out_dir: Path
) -> Mapped:
    for node in parent.get_nodes_by_op_type("StreamingDataflowPartition"):
        getCustomOp(node).set_nodeattr("model", MODEL)
    for name, graph in ((MODEL, model), (PARENT, parent)):
        write_atomic(out_dir / name, graph.model.SerializeToString(deterministic=True))
    write_json(out_dir / FOLDING, {"Defaults": {}, **folding})
    write_json(out_dir / ESTIMATES, facts.to_json())
    return Mapped(out_dir / MODEL, out_dir / PARENT, out_dir / FOLDING, facts)
