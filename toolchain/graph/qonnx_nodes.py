"""Which operators of QONNX are known, under which domains, and one spelling for all of them.

Exporters of several years wrote the same operators into different domains, left the domain's version out, or named the
standard operators second. The gate, the reader and the executor see a model after `normalised` only.
"""

from __future__ import annotations

import onnx
from onnx import helper

from toolchain.graph import channels_last

GENERAL = "qonnx.custom_op.general"

QUANTISERS = frozenset({"Quant", "IntQuant", "BipolarQuant"})
"""Operators that map floats to scaled integers; `IntQuant` is the newer name of `Quant`."""

OPERATORS = {
    GENERAL: QUANTISERS | {"Trunc", "MultiThreshold"},
    channels_last.DOMAIN: channels_last.OPERATORS,
}
"""What is known of each domain."""

# The same operators in files of older exporters; the empty domain is that of ONNX itself.
_OTHER_NAMES = {"onnx.brevitas": GENERAL, "finn.custom_op.general": GENERAL, "finn": GENERAL, "": GENERAL}

# qonnx's own clean-up folds constants into numbers, but not those behind a Quant: it would lose their scales.
_OTHER_SPELLINGS = {"IntQuant": "Quant"}

DOMAINS = frozenset({*OPERATORS, *(set(_OTHER_NAMES) - {""})})
"""Every domain that QONNX operators are found in."""


def normalised(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy with QONNX operators by one name in qonnx's own domains, each with a version, ONNX's own version first.

    qonnx takes the first version that a file names for that of ONNX's operators. Operators with the channels last
    become ONNX's own.

    Raises:
        ModelError: see `channels_last.with_channels_first`.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    for node in result.graph.node:
        node.domain = _domain_of(node)
        if node.domain == GENERAL:
            node.op_type = _OTHER_SPELLINGS.get(node.op_type, node.op_type)
    channels_last.with_channels_first(result)
    versions = {_canonical(o.domain): int(o.version) for o in model.opset_import}
    used = {node.domain for node in result.graph.node}
    del result.opset_import[:]
    own = [""] if "" in versions else []
    for domain in (*own, *sorted({*versions, *used} - {""})):
        # Exports of old Brevitas name no version for their own domain.
        result.opset_import.append(helper.make_opsetid(domain, versions.get(domain, 1)))
    return result


def is_qonnx(model: onnx.ModelProto) -> bool:
    """Whether a model has QONNX operators, which ONNX Runtime does not run as they are."""
    return any(_domain_of(node) in OPERATORS for node in model.graph.node)


def _domain_of(node: onnx.NodeProto) -> str:
    domain = "" if node.domain == "ai.onnx" else node.domain
    if domain == "" and node.op_type not in OPERATORS[GENERAL]:
        return ""
    return _OTHER_NAMES.get(domain, domain)


def _canonical(domain: str) -> str:
    return "" if domain in {"", "ai.onnx"} else _OTHER_NAMES.get(domain, domain)
