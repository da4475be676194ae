"""The facts of a folded model before anything is built: all of them estimates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.finn.adapter import Finn
from toolchain.finn.folding import RESOURCES, Choice, Cost
from toolchain.finn.parallelism import groups_of
from toolchain.results.facts import MapFacts
from toolchain.results.facts.hardware import Estimate, FinnLayer, FinnUse, Use

_FINN_NAMES = {"lut": "LUT", "bram": "BRAM_18K", "dsp": "DSP", "uram": "URAM"}


def facts_of(finn: Finn, model: ModelWrapper, choice: Choice, part: str, clock_mhz: float) -> MapFacts:
    """What the folded model is expected to take and to do."""
    cycles = model.analysis(finn.get("analysis.fpgadataflow.exp_cycles_per_layer", "exp_cycles_per_layer"))
    estimation = finn.get("analysis.fpgadataflow.res_estimation", "res_estimation")
    theirs = model.analysis(partial(estimation, fpgapart=part))
    costs = {group.lead.name: option.cost for group, option in zip(groups_of(model), choice.options, strict=True)}
    layers = tuple(
        _layer(node, int(cycles[node.name]), theirs[node.name], costs.get(node.name)) for node in model.graph.node
    )
    interval = max(layer.cycles for layer in layers)
    return MapFacts(
        kind="estimated",
        layers=layers,
        estimate=Estimate(of="core", too_dense=(), **rounded(choice.cost)),
        finn_estimate=_total([layer.finn_estimate for layer in layers]),
        initiation_interval=interval,
        latency_cycles=sum(layer.cycles for layer in layers),
        fps=clock_mhz * 1e6 / interval,
    )


def _layer(node: NodeProto, cycles: int, theirs: dict[str, Any], ours: Cost | None) -> FinnLayer:
    operator = getCustomOp(node)
    known = operator.get_nodeattr_types()
    folding = {name.lower(): operator.get_nodeattr(name) for name in ("PE", "SIMD", "ram_style") if name in known}
    figures = FinnUse(**{name: round(float(theirs.get(finns, 0))) for name, finns in _FINN_NAMES.items()})
    estimate: dict[str, Any] = {} if ours is None else {"estimate": Use(**rounded(ours))}
    return FinnLayer(name=node.name, op_type=node.op_type, cycles=cycles, finn_estimate=figures, **folding, **estimate)


def _total(figures: Sequence[FinnUse]) -> FinnUse:
    return FinnUse(**{name: sum(getattr(one, name) for one in figures) for name in _FINN_NAMES})


def rounded(cost: Cost) -> dict[str, int]:
    """A cost by resource."""
    return {name: round(value) for name, value in zip(RESOURCES, cost, strict=True)}
