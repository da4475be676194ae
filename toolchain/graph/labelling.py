"""The nodes that turn logits into a label at the end of a network, and which of them an argmax can stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import NodeProto, helper

CHOOSING = frozenset({"ArgMax", "TopK"})
LABELLING = CHOOSING | {"Softmax"}


def is_first(node: NodeProto, constants: Mapping[str, Any]) -> bool:
    """Whether a node of `CHOOSING` asks for the first of the greatest and no more, which is all that hardware gives."""
    said = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    if node.op_type == "ArgMax":
        return not said.get("select_last_index", 0)
    count = said.get("k", constants.get(node.input[1]) if len(node.input) > 1 else None)
    return bool(said.get("largest", 1)) and count is not None and np.size(count) == 1 and int(np.ravel(count)[0]) == 1


def no_label(node: NodeProto) -> str:
    """Why such a node cannot end what integers decide, with its attributes."""
    return (
        f"node {node.name} ({described(node)}): is no label that integer logits tell; that of the first of the "
        "greatest ones, along the last axis, is"
    )


def described(node: NodeProto) -> str:
    """A node's operator and attributes, in words."""
    return ", ".join([node.op_type, *(f"{a.name} {helper.get_attribute_value(a)}" for a in node.attribute)])
