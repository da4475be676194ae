"""The facts of a folded model before anything is built: all of them estimates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.finn.door import Finn
from toolchain.finn.folding import RESOURCES, Choice, Cost
from toolchain.finn.parallelism import PRODUCT

_FINN_NAMES = {"lut": "LUT", "bram": "BRAM_18K", "dsp": "DSP", "uram": "URAM"}


def facts_of(finn: Finn, model: ModelWrapper, choice: Choice, part: str, clock_mhz: float) -> dict[str, Any]:
    """Plain JSON: see `toolchain.finn.mapping.Mapped`."""
    cycles = model.analysis(finn.get("analysis.fpgadataflow.exp_cycles_per_layer", "exp_cycles_per_layer"))
    estimation = finn.get("analysis.fpgadataflow.res_estimation", "res_estimation")
    theirs = model.analysis(partial(estimation, fpgapart=part))
    layers = [_layer(node, int(cycles[node.name]), theirs[node.name]) for node in model.graph.node]
    costs = iter(choice.options)
    for layer in layers:
        if layer["op_type"] == PRODUCT:
            layer["estimate"] = rounded(next(costs).cost)
    interval = max(layer["cycles"] for layer in layers)
    return {
        "kind": "estimated",
        "layers": layers,
        "estimate": {"of": "core", **rounded(choice.cost)},
        "finn_estimate": _totals([layer["finn_estimate"] for layer in layers]),
        "initiation_interval": interval,
        "latency_cycles": sum(layer["cycles"] for layer in layers),
        "fps": clock_mhz * 1e6 / interval,
    }


def _layer(node: NodeProto, cycles: int, theirs: dict[str, Any]) -> dict[str, Any]:
    operator = getCustomOp(node)
    known = operator.get_nodeattr_types()
    folding = {name.lower(): operator.get_nodeattr(name) for name in ("PE", "SIMD", "ram_style") if name in known}
    figures = {ours: round(float(theirs.get(name, 0))) for ours, name in _FINN_NAMES.items()}
    return {"name": node.name, "op_type": node.op_type, "cycles": cycles, "finn_estimate": figures, **folding}


def _totals(figures: Sequence[dict[str, int]]) -> dict[str, int]:
    return {name: sum(one[name] for one in figures) for name in _FINN_NAMES}


def rounded(cost: Cost) -> dict[str, int]:
    """A cost by resource."""
    return {name: round(value) for name, value in zip(RESOURCES, cost, strict=True)}
