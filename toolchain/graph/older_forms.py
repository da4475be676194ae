"""Operators that are written otherwise in an older opset: what became an input in opset 18 is an attribute before.

Reductions take their axes, and a Split that tells only how many parts it makes takes their sizes, from what is constant
in the model. ONNX's own converter knows no way back for either.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

_CHANGED = 18
_REDUCTIONS = tuple(
    f"Reduce{kind}" for kind in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare")
)


class OlderForms:
    """The nodes of one model as opset 13 to 17 writes them.

    Attributes:
        added: constants that the nodes found so far take.
    """

    def __init__(self, model: onnx.ModelProto, wanted: int) -> None:
        """Of a model of opset 18 or newer; `wanted` is the older opset."""
        self._model, self._wanted = model, wanted
        self.added: list[TensorProto] = []

    def of(self, node: NodeProto) -> NodeProto | None:
        """The node in its older form; None where it has none, or where its axes or sizes are no constants."""
        if not 13 <= self._wanted < _CHANGED or node.domain not in {"", "ai.onnx"}:
            return None
        if node.op_type in _REDUCTIONS:
            return self._reduction(node)
        return self._split(node) if node.op_type == "Split" and len(node.input) == 1 else None

    def _reduction(self, node: NodeProto) -> NodeProto | None:
        axes = self._constants.get(node.input[1]) if len(node.input) > 1 and node.input[1] else np.zeros(0, np.int64)
        if axes is None or (not axes.size and _attribute(node, "noop_with_empty_axes", 0)):
            return None
        where = {"axes": axes.reshape(-1).tolist()} if axes.size else {}
        return _made(node, node.input[:1], keepdims=_attribute(node, "keepdims", 1), **where)

    def _split(self, node: NodeProto) -> NodeProto | None:
        """All parts but the last are of the same size, which is rounded up."""
        axis, parts = _attribute(node, "axis", 0), len(node.output)
        length = self._length(node.input[0], axis)
        if not length or _attribute(node, "num_outputs", parts) != parts:
            return None
        each = -(-length // parts)
        sizes = [min(each, length - k * each) for k in range(parts)]
        if min(sizes) < 0:
            return None
        name = f"{node.output[0]}_sizes_of_parts"
        self.added.append(numpy_helper.from_array(np.array(sizes, np.int64), name))
        return _made(node, [node.input[0], name], axis=axis)

    def _length(self, name: str, axis: int) -> int | None:
        """Of one axis; None where the model does not fix it."""
        shape = self._shapes.get(name, [])
        return shape[axis] if -len(shape) <= axis < len(shape) else None

    @cached_property
    def _constants(self) -> dict[str, NDArray[Any]]:
        found = {tensor.name: numpy_helper.to_array(tensor) for tensor in self._model.graph.initializer}
        for node in self._model.graph.node:
            if node.op_type == "Constant":
                given = helper.get_attribute_value(node.attribute[0])
                if isinstance(given, TensorProto):
                    found[node.output[0]] = numpy_helper.to_array(given)
                elif node.attribute[0].name in {"value_int", "value_ints"}:
                    found[node.output[0]] = np.array(given, np.int64)
        return found

    @cached_property
    def _shapes(self) -> dict[str, list[int | None]]:
        graph = onnx.shape_inference.infer_shapes(self._model, data_prop=True).graph
        return {
            value.name: [d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim]
            for value in (*graph.input, *graph.value_info)
        }


def _attribute(node: NodeProto, name: str, default: int) -> int:
    return next((int(a.i) for a in node.attribute if a.name == name), default)


def _made(node: NodeProto, inputs: list[str], **attributes: Any) -> NodeProto:
    return helper.make_node(node.op_type, list(inputs), list(node.output), name=node.name, **attributes)
