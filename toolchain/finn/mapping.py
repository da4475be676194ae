"""From a trained QONNX model to a folded FINN dataflow model, with estimates."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.errors import ModelError
from toolchain.files import write_atomic, write_json
from toolchain.finn.adapter import Finn, aloud, enter
from toolchain.finn.estimate import facts_of
from toolchain.finn.faults import OTHER_FLOW, step
from toolchain.finn.folding import RESOURCES, choose
from toolchain.finn.front import front_end, place_of
from toolchain.finn.parallelism import apply, is_7_series, options_of
from toolchain.graph.model_file import load_model
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


def map_network(qonnx: Path, target: MapTarget, out_dir: Path, work_dir: Path, progress: Progress) -> Mapped:
    """Map a trained QONNX model; writes `model.onnx`, `parent.onnx`, `folding.json` and `estimates.json` to `out_dir`.

    Equal inputs give equal bytes.

    Args:
        work_dir: emptied first; takes FINN's own files and its log, `finn.log`.

    Raises:
        ModelError: FINN cannot map the network; names the node and the mend.
        FitError: it does not fit, or the rate is out of reach; names the best that fits.
        ToolError: finn-plus is missing or of another version.
    """
    progress = aloud(progress)
    progress("starting FINN")
    shutil.rmtree(work_dir, ignore_errors=True)
    with enter(work_dir) as finn:
        build = _build_config(finn, target, work_dir)
        model = front_end(finn, load_model(qonnx), build, progress)
        with step("partition", finn.log, progress):
            model = finn.steps.step_create_dataflow_partition(model, build)
            parent = ModelWrapper(str(build.get_intermediate_models_directory() / "dataflow_parent.onnx"))
        model = _specialised(finn, model, build, progress)
        progress("choosing a folding")
        choice = choose(options_of(model, target.part), target.capacity, target.clock_mhz * 1e6, target.fps)
        with step("folding", finn.log, progress):
            folding = apply(model, choice)
            model = finn.steps.step_minimize_bit_width(model, build)
            _fit_weight_types(model, target.part)
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


def _specialised(finn: Finn, model: ModelWrapper, build: Any, progress: Progress) -> ModelWrapper:
    """RTL layers, and nothing else: HLS layers need Vitis HLS."""
    _fit_weight_types(model, build.fpga_part)
    for node in model.graph.node:
        getCustomOp(node).set_nodeattr("preferred_impl_style", "rtl")
    with step("specialisation", finn.log, progress):
        model = finn.steps.step_specialize_layers(model, build)
    for node in model.graph.node:
        if not node.op_type.endswith("_rtl"):
            raise ModelError(f"{place_of(model, node)}: {_no_rtl(node)}; {OTHER_FLOW}")
    return model


def _no_rtl(node: NodeProto) -> str:
    get = getCustomOp(node).get_nodeattr
    weights, values, sums = (DataType[get(f"{kind}DataType")].bitwidth() for kind in ("weight", "input", "output"))
    return (
        f"FINN has no RTL for {weights}-bit weights, {values}-bit activations and {sums}-bit sums, which must "
        "have 2 bits at least and fit the device's DSP slice; use fewer bits"
    )


def _fit_weight_types(model: ModelWrapper, part: str) -> None:
    """Weight types that the RTL takes: signed, of two bits at least, and on 7 series without their least value.

    FINN's minimisation makes weights that are never negative unsigned.
    """
    for node in model.graph.node:
        if not node.op_type.startswith("MVAU"):
            continue
        weights = np.asarray(model.get_initializer(node.input[1]))
        name = f"INT{_weight_bits(int(weights.min()), int(weights.max()), is_7_series(part))}"
        getCustomOp(node).set_nodeattr("weightDataType", name)
        model.set_tensor_datatype(node.input[1], DataType[name])


def _weight_bits(least: int, greatest: int, narrow: bool) -> int:
    bits = max(2, (-least - 1).bit_length() + 1 if least < 0 else 1, greatest.bit_length() + 1)
    return bits + 1 if narrow and least == -(2 ** (bits - 1)) else bits


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
