"""Between FINN's graph and the search for a folding: what each layer can be, and what the choice sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.finn.cost import BLOCK_DEPTH, Layer, Thresholds, added, window_cost
from toolchain.finn.folding import Choice, Cost, Option

PRODUCT, THRESHOLDS = "MVAU_rtl", "Thresholding_rtl"
PADDING, WINDOWS = "FMPadding_rtl", "ConvolutionInputGenerator_rtl"
# FINN warns of wires beyond this many bits of weights a clock cycle.
_WIDEST_WEIGHTS = 8191
# FINN's FIFOs of more places lie in UltraRAM, which most of the devices lack.
_DEEPEST_FIFO = 2028
# Places before a product that windows are made for: it goes on while the next image comes in. As many as a LUT shifts.
_WINDOW_FIFO = 32
# A depth that no table of thresholds has: FINN's RTL takes 0 for no UltraRAM, its estimate for UltraRAM at any depth.
_NO_ULTRA_RAM = 2**31 - 1


@dataclass(frozen=True)
class Group:
    """Layers that are folded as one.

    Attributes:
        feeders: paddings and windows before the lead, which work on as many channels a cycle as divide its inputs'.
        lead: the product, or thresholds without one.
        thresholds: behind a product, as many values a cycle as it yields.
    """

    feeders: tuple[NodeProto, ...]
    lead: NodeProto
    thresholds: NodeProto | None = None


def groups_of(model: ModelWrapper) -> list[Group]:
    """The groups in the graph's order."""
    groups: list[Group] = []
    feeders: list[NodeProto] = []
    for node in model.graph.node:
        if node.op_type in (PADDING, WINDOWS):
            feeders.append(node)
        elif node.op_type == THRESHOLDS and not feeders and groups and _is_bare_product(groups[-1]):
            groups[-1] = replace(groups[-1], thresholds=node)
        else:
            groups.append(Group(tuple(feeders), node))
            feeders = []
    return groups


def _is_bare_product(group: Group) -> bool:
    return group.lead.op_type == PRODUCT and group.thresholds is None


def options_of(model: ModelWrapper, part: str) -> list[list[Option]]:
    """Every option of every group, in the graph's order."""
    return [_options(model, group, part) for group in groups_of(model)]


def apply(model: ModelWrapper, choice: Choice) -> dict[str, dict[str, Any]]:
    """Set a choice on the graph; the attributes by node name, as FINN's folding files hold them."""
    settings: dict[str, dict[str, Any]] = {}
    for group, option in zip(groups_of(model), choice.options, strict=True):
        settings |= _settings(group, option)
    for node in model.graph.node:
        for name, value in settings[node.name].items():
            getCustomOp(node).set_nodeattr(name, value)
    return settings


def _settings(group: Group, option: Option) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {node.name: _feeder_attributes(node, option.simd) for node in group.feeders}
    if group.lead.op_type == PRODUCT:
        found[group.lead.name] = _product_attributes(group, option)
    for node in (group.lead, group.thresholds):
        if node is not None and node.op_type == THRESHOLDS:
            memory = {"depth_trigger_bram": BLOCK_DEPTH, "depth_trigger_uram": _NO_ULTRA_RAM}
            found[node.name] = {"PE": option.pe, **memory}
    return found


def _feeder_attributes(node: NodeProto, simd: int) -> dict[str, Any]:
    """Windows take nothing of an image before the last one's are out: a FIFO holds what comes in meanwhile."""
    lanes = _lanes(node, simd)
    return {"SIMD": lanes} if node.op_type == PADDING else {"SIMD": lanes, "inFIFODepths": [_waiting(node, lanes)]}


def _waiting(windows: NodeProto, lanes: int) -> int:
    """Beats that come in while the last row of windows is made, and a handshake."""
    get = getCustomOp(windows).get_nodeattr
    beats = get("Stride")[0] * get("IFMDim")[1] * get("IFMChannels") // lanes
    return min(int(beats) + 2, _DEEPEST_FIFO)


def _product_attributes(group: Group, option: Option) -> dict[str, Any]:
    """What FINN sets by the names of its own.

    The FIFO before a product holds a vector and its handshake: a product reads its vector in the first of its passes
    only, and the layer before would have to wait for the others.
    """
    vector = getCustomOp(group.lead).get_nodeattr("MW") // option.simd
    depth = _WINDOW_FIFO if _has_windows(group) else vector + 2
    return {"PE": option.pe, "SIMD": option.simd, "ram_style": option.ram_style, "inFIFODepths": [depth]}


def _has_windows(group: Group) -> bool:
    return any(node.op_type == WINDOWS for node in group.feeders)


def _lanes(feeder: NodeProto, simd: int) -> int:
    """Channels that a padding or windows work on in a cycle."""
    name = "IFMChannels" if feeder.op_type == WINDOWS else "NumChannels"
    return math.gcd(getCustomOp(feeder).get_nodeattr(name), simd)


def is_7_series(part: str) -> bool:
    """Whether a part is of AMD's 7 series (Zynq-7000)."""
    return part.lower().startswith("xc7")


def _bits(node: NodeProto, kind: str) -> int:
    return int(DataType[getCustomOp(node).get_nodeattr(f"{kind}DataType")].bitwidth())


def _options(model: ModelWrapper, group: Group, part: str) -> list[Option]:
    made = _thresholds_alone(group.lead) if group.lead.op_type == THRESHOLDS else _products(model, group, part)
    feeders = {simd: _feeding(group.feeders, simd) for simd in {option.simd for option in made}}
    return [replace(o, cycles=max(o.cycles, feeders[o.simd][0]), cost=added(o.cost, feeders[o.simd][1])) for o in made]


def _feeding(feeders: Sequence[NodeProto], simd: int) -> tuple[int, Cost]:
    """Cycles of the slowest feeder, as FINN expects them, and the cost of all."""
    cycles = 0
    cost: Cost = (0.0, 0.0, 0.0, 0.0)
    for node in feeders:
        operator = getCustomOp(node)
        operator.set_nodeattr("SIMD", _lanes(node, simd))
        cycles = max(cycles, int(operator.get_exp_cycles()))
        kept = operator.get_buffer_depth() + _waiting(node, _lanes(node, simd)) if node.op_type == WINDOWS else 0
        cost = added(cost, window_cost(operator.get_instream_width(), kept))
    return cycles, cost


def _thresholds_alone(node: NodeProto) -> list[Option]:
    channels, positions = getCustomOp(node).get_nodeattr("NumChannels"), _positions(node)
    thresholds = _thresholds(node)
    return [Option(pe, pe, "auto", positions * channels // pe, thresholds.cost(pe)) for pe in divisors(channels)]


def _products(model: ModelWrapper, group: Group, part: str) -> list[Option]:
    """All but those that take a whole vector a cycle: FINN's output queue then loses results under back-pressure (see
    `toolchain.finn.stitch`).
    """
    layer, positions = _layer(model, group, part), _positions(group.lead)
    return [
        Option(pe, simd, style, positions * layer.cycles(pe, simd), layer.cost(pe, simd, style))
        for pe in divisors(layer.outputs)
        for simd in divisors(layer.inputs)[:-1] or [1]
        for style in ("block", "distributed")
        if pe * simd * layer.weight_bits <= _WIDEST_WEIGHTS
        and (_has_windows(group) or layer.inputs // simd + 2 <= _DEEPEST_FIFO)
    ]


def _layer(model: ModelWrapper, group: Group, part: str) -> Layer:
    get, node = getCustomOp(group.lead).get_nodeattr, group.lead
    return Layer(
        inputs=get("MW"),
        outputs=get("MH"),
        weight_bits=_bits(node, "weight"),
        input_bits=_bits(node, "input"),
        sum_bits=_bits(node, "output"),
        narrow=bool(np.asarray(model.get_initializer(node.input[1])).min() > DataType[get("weightDataType")].min()),
        thresholds=None if group.thresholds is None else _thresholds(group.thresholds),
        dsp_block="DSP48E1" if is_7_series(part) else "DSP48E2",
    )


def _thresholds(node: NodeProto) -> Thresholds:
    return Thresholds(getCustomOp(node).get_nodeattr("NumChannels"), _bits(node, "weight"), _bits(node, "output"))


def _positions(node: NodeProto) -> int:
    return math.prod(getCustomOp(node).get_nodeattr("numInputVectors"))


def divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    return [value for value in range(1, number + 1) if number % value == 0]
