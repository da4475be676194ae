"""Between FINN's graph and the search for a folding: what each layer can be, and what the choice sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import NodeProto
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from toolchain.finn.cost import Layer
from toolchain.finn.folding import Choice, Option

PRODUCT, THRESHOLDS = "MVAU_rtl", "Thresholding_rtl"
# FINN warns of wires beyond this many bits of weights a clock cycle.
_WIDEST_WEIGHTS = 8191


def options_of(model: ModelWrapper, part: str) -> list[list[Option]]:
    """Every option of every layer, in the graph's order."""
    return [_options(_layer(model, node, part)) for node in model.get_nodes_by_op_type(PRODUCT)]


def apply(model: ModelWrapper, choice: Choice) -> dict[str, dict[str, Any]]:
    """Set a choice on the graph; the attributes by node name, as FINN's folding files hold them."""
    settings = {}
    products = model.get_nodes_by_op_type(PRODUCT)
    for node, option in zip(products, choice.options, strict=True):
        settings[node.name] = _product_attributes(node, option)
        follower = model.find_consumer(node.output[0])
        if follower is not None:
            settings[follower.name] = {"PE": option.pe}
    for node in model.graph.node:
        for name, value in settings[node.name].items():
            getCustomOp(node).set_nodeattr(name, value)
    return settings


def _product_attributes(node: NodeProto, option: Option) -> dict[str, Any]:
    """What FINN sets by the names of its own.

    The FIFO before a product holds a vector and its handshake: a product reads its vector in the first of its passes
    only, and the layer before would have to wait for the others.
    """
    vector = getCustomOp(node).get_nodeattr("MW") // option.simd
    return {"PE": option.pe, "SIMD": option.simd, "ram_style": option.ram_style, "inFIFODepths": [vector + 2]}


def _layer(model: ModelWrapper, node: NodeProto, part: str) -> Layer:
    get = getCustomOp(node).get_nodeattr
    follower = model.find_consumer(node.output[0])
    return Layer(
        inputs=get("MW"),
        outputs=get("MH"),
        weight_bits=_bits(node, "weight"),
        input_bits=_bits(node, "input"),
        sum_bits=_bits(node, "output"),
        narrow=bool(np.asarray(model.get_initializer(node.input[1])).min() > DataType[get("weightDataType")].min()),
        level_bits=0 if follower is None else _bits(follower, "output"),
        dsp_block="DSP48E1" if is_7_series(part) else "DSP48E2",
    )


def is_7_series(part: str) -> bool:
    """Whether a part is of AMD's 7 series (Zynq-7000)."""
    return part.lower().startswith("xc7")


def _bits(node: NodeProto, kind: str) -> int:
    return int(DataType[getCustomOp(node).get_nodeattr(f"{kind}DataType")].bitwidth())


def _options(layer: Layer) -> list[Option]:
    """All but those that take a whole vector a cycle: FINN's output queue then loses results under back-pressure (see
    `toolchain.finn.stitch`).
    """
    return [
        Option(pe, simd, style, layer.cycles(pe, simd), layer.cost(pe, simd, style))
        for pe in divisors(layer.outputs)
        for simd in divisors(layer.inputs)[:-1] or [1]
        for style in ("block", "distributed")
        if pe * simd * layer.weight_bits <= _WIDEST_WEIGHTS
    ]


def divisors(number: int) -> list[int]:
    """All divisors, ascending."""
    return [value for value in range(1, number + 1) if number % value == 0]
