"""The nodes that turn logits into a label at the end of a network, and which of them an argmax can stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import NodeProto, helper
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError

LABELLING = {"ArgMax", "TopK", "Softmax"}


def check_labelling(model: ModelWrapper, node: NodeProto, constants: Mapping[str, Any]) -> None:
    """Check that a node's label is the first of the greatest logits, which is all that the hardware gives.

    Raises:
        ModelError: it is another one; names the node and the attribute.
    """
    where, attributes = f"node {node.name} ({node.op_type})", _attributes(node)
    shape = model.get_tensor_shape(node.input[0])
    last = len(shape) - 1 if shape else None
    axis = int(attributes.get("axis", 0 if node.op_type == "ArgMax" else -1))
    if last is None or axis not in (-1, last):
        raise ModelError(f"{where}: axis {axis} of shape {shape}; the label must be taken along the last axis")
    if attributes.get("select_last_index", 0):
        raise ModelError(f"{where}: select_last_index: of equal logits the first one wins here; leave it out")
    if node.op_type == "TopK":
        _check_top(where, node, attributes, constants)


def _check_top(where: str, node: NodeProto, attributes: Mapping[str, Any], constants: Mapping[str, Any]) -> None:
    if not attributes.get("largest", 1):
        raise ModelError(f"{where}: largest is 0: the label must be that of the greatest logit")
    count = attributes.get("k", constants.get(node.input[1]) if len(node.input) > 1 else None)
    if count is None or np.size(count) != 1 or int(np.reshape(count, -1)[0]) != 1:
        raise ModelError(f"{where}: k is {count}; a network has one label, so k must be 1")


def _attributes(node: NodeProto) -> dict[str, Any]:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
