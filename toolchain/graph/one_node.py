"""One node at a time, as the qonnx executor runs it: ONNX Runtime for ONNX's operators, qonnx for its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import NodeProto, helper
from qonnx.core.execute_custom_node import execute_custom_node
from qonnx.custom_op.registry import is_custom_op

from toolchain.errors import ModelError
from toolchain.graph.opsets import IR_VERSIONS
from toolchain.graph.refusals import in_our_words

Arrays = Sequence[NDArray[Any] | None]
"""What a node takes or makes, one each; None where it leaves one out."""


class NodeRunner:
    """Runs nodes; what ONNX Runtime makes of a node is kept for the next time.

    Args:
        opsets: version of each domain's operators.
    """

    def __init__(self, opsets: Mapping[str, int]) -> None:
        self._opsets = dict(opsets)
        self._sessions: dict[tuple[bytes, tuple[str, ...]], ort.InferenceSession] = {}

    @staticmethod
    def of(model: onnx.ModelProto) -> NodeRunner:
        """With the versions that a model names."""
        return NodeRunner({("" if o.domain == "ai.onnx" else o.domain): int(o.version) for o in model.opset_import})

    def run(self, node: NodeProto, arrays: Arrays, without: Sequence[str] = ()) -> list[NDArray[Any]]:
        """All that a node makes; its inputs' and outputs' names say nothing here.

        Args:
            without: attributes that are left out.

        Raises:
            ModelError: it does not run; names it.
        """
        try:
            if is_custom_op(node.domain, node.op_type):
                return [self._custom(_bare(node, without), arrays)]
            return self._standard(node, arrays)
        except Exception as error:  # qonnx raises plain Exception, ONNX Runtime classes of its own.
            name = node.name or next(iter(node.output), "")
            raise ModelError(f"node {name} ({node.op_type}): does not run: {in_our_words(error)}") from error

    def _custom(self, node: NodeProto, arrays: Arrays) -> NDArray[Any]:
        context: dict[str, Any] = dict(zip(node.input, arrays, strict=True))
        # Some of them look up the shape of what they are to make.
        context[node.output[0]] = np.zeros(1, np.float32)
        execute_custom_node(node, context, onnx.GraphProto(), self._opsets.get(node.domain, 1))
        made: NDArray[Any] = context[node.output[0]]
        return made

    def _standard(self, node: NodeProto, arrays: Arrays) -> list[NDArray[Any]]:
        kinds = tuple("" if a is None else f"{a.dtype}{a.ndim}" for a in arrays)
        key = (node.SerializeToString(), kinds)
        if key not in self._sessions:
            self._sessions[key] = _session(node, arrays, self._opsets.get("", 13))
        names = [i.name for i in self._sessions[key].get_inputs()]
        given = [a for a in arrays if a is not None]
        made: list[NDArray[Any]] = self._sessions[key].run(None, dict(zip(names, given, strict=True)))
        return made


def _bare(node: NodeProto, without: Sequence[str] = ()) -> NodeProto:
    """A copy with names of its own for inputs and outputs, and without some attributes."""
    copy = NodeProto()
    copy.CopyFrom(node)
    kept = [a for a in node.attribute if a.name not in without]
    del copy.attribute[:], copy.input[:], copy.output[:]
    copy.attribute.extend(kept)
    copy.input.extend(f"i{place}" if name else "" for place, name in enumerate(node.input))
    copy.output.extend(f"o{place}" if name else "" for place, name in enumerate(node.output))
    return copy


def _session(node: NodeProto, arrays: Arrays, opset: int) -> ort.InferenceSession:
    inner = _bare(node)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), [None] * a.ndim)
        for name, a in zip(inner.input, arrays, strict=True)
        if a is not None
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in inner.output if name]
    graph = helper.make_graph([inner], "node", inputs, outputs)
    version = IR_VERSIONS.get(opset, max(IR_VERSIONS.values()) if opset > max(IR_VERSIONS) else 7)
    domains = [helper.make_opsetid("", opset), *([helper.make_opsetid(node.domain, 1)] if node.domain else [])]
    model = helper.make_model(graph, opset_imports=domains, ir_version=version)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
