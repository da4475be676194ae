"""Nodes that depend on no input, replaced by what they yield: all of them in one pass.

qonnx's own `FoldConstants` folds one node at a time and infers all shapes again behind it, which takes minutes on a
hundred layers. Every node is run here as it runs it.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import AttributeProto, NodeProto, numpy_helper

from toolchain.graph.one_node import NodeRunner

_GRAPHS = (AttributeProto.GRAPH, AttributeProto.GRAPHS)


def fold_constants(model: onnx.ModelProto, but: Container[str] = ()) -> bool:
    """Replace nodes of constants by initializers, in place; whether there were any.

    Args:
        model: nodes in order; shapes as far as a `Shape` is to be folded.
        but: operators that stay, whatever they take.

    Raises:
        ModelError: such a node does not run; names it.
    """
    folding = _Folding(model, but)
    kept = [node for node in model.graph.node if not folding.folds(node)]
    if not folding.made:
        return False
    del model.graph.node[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in folding.made.items())
    return True


class _Folding:
    """What has been folded so far."""

    def __init__(self, model: onnx.ModelProto, but: Container[str]) -> None:
        self._runner, self._but = NodeRunner.of(model), but
        self._given = {tensor.name: tensor for tensor in model.graph.initializer}
        self._shapes = {v.name: v.type.tensor_type for v in (*model.graph.input, *model.graph.value_info)}
        self.made: dict[str, NDArray[Any]] = {}

    def folds(self, node: NodeProto) -> bool:
        """Whether a node is no more than a constant; its outputs are known then."""
        if node.op_type in self._but or any(a.type in _GRAPHS for a in node.attribute):
            return False
        if node.op_type == "Shape" and (shape := self._shape(node.input[0])) is not None:
            arrays = [np.broadcast_to(np.float32(0), shape)]
        elif all(name in self.made or name in self._given for name in node.input):
            arrays = [self._value(name) for name in node.input]
        else:
            return False
        made = self._runner.run(node, arrays)
        self.made.update(zip((name for name in node.output if name), made, strict=True))
        return True

    def _value(self, name: str) -> NDArray[Any]:
        if name not in self.made:
            return numpy_helper.to_array(self._given[name])
        return self.made[name]

    def _shape(self, name: str) -> tuple[int, ...] | None:
        """As it has been inferred; an axis that is left open counts none, as in qonnx."""
        kind = self._shapes.get(name)
        return None if kind is None or not kind.HasField("shape") else tuple(d.dim_value for d in kind.shape.dim)
