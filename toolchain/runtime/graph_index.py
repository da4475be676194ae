"""Who makes and who takes each tensor of an ONNX graph."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper


class GraphIndex:
    """Look-ups in a model's main graph.

    Attributes:
        producers: the node that yields a tensor, by the tensor's name.
        consumers: the nodes that take a tensor.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model, self.nodes = model, list(model.graph.node)
        self._initializers = {tensor.name: tensor for tensor in model.graph.initializer}
        self.producers = {name: node for node in self.nodes for name in node.output}
        self.consumers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self.consumers[name].append(node)

    def constant(self, name: str) -> NDArray[Any] | None:
        """Values of an initializer or of a Constant node; None for anything that is computed."""
        if name in self._initializers:
            return np.asarray(numpy_helper.to_array(self._initializers[name]))
        node = self.producers.get(name)
        if node is None or node.op_type != "Constant":
            return None
        values = [helper.get_attribute_value(a) for a in node.attribute if a.name == "value"]
        return np.asarray(numpy_helper.to_array(values[0])) if values else None

    def is_constant(self, name: str) -> bool:
        """Whether a tensor depends on constants only: through QuantizeLinear, DequantizeLinear and the like."""
        seen, pending = set(), [name]
        while pending:
            current = pending.pop()
            if current in seen or not current or self.constant(current) is not None:
                continue
            seen.add(current)
            node = self.producers.get(current)
            if node is None:
                return False
            pending.extend(node.input)
        return True

    def attribute(self, node: NodeProto, name: str, default: int) -> int:
        """An integer attribute of a node."""
        return next((int(a.i) for a in node.attribute if a.name == name), default)

    @property
    def opset(self) -> int:
        """Version of ONNX's own operators."""
        return max((int(o.version) for o in self.model.opset_import if o.domain in {"", "ai.onnx"}), default=0)
