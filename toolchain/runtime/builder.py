"""Putting an ONNX graph together, node after node, with the same bytes for the same network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from toolchain.errors import ModelError, first_line
from toolchain.graph.opsets import IR_VERSIONS

# Newest opset of each ONNX Runtime release (onnxruntime.ai, "Compatibility"): the last row not above a version counts.
_NEWEST_OPSETS = (
    ((1, 8), 14),
    ((1, 10), 15),
    ((1, 11), 16),
    ((1, 12), 17),
    ((1, 14), 18),
    ((1, 15), 19),
    ((1, 17), 20),
    ((1, 18), 21),
)

INPUT, OUTPUT = "input", "logits"
ROWS = "rows"


def newest_opset(onnxruntime: str) -> int:
    """Newest opset that a release of ONNX Runtime runs and that graphs here are built for.

    Args:
        onnxruntime: version, such as ``"1.11.0"``.

    Raises:
        ModelError: the release is too old for per-channel QuantizeLinear, or no version at all.
    """
    try:
        major, minor = (int(part) for part in onnxruntime.split(".")[:2])
    except ValueError as error:
        raise ModelError(f"ONNX Runtime {onnxruntime!r}: not a version; write one such as 1.11.0") from error
    known = [opset for since, opset in _NEWEST_OPSETS if since <= (major, minor)]
    if not known:
        raise ModelError(f"ONNX Runtime {onnxruntime} is too old: 1.8 or newer is needed")
    return known[-1]


@dataclass(frozen=True)
class GraphSettings:
    """What a board asks of its graphs.

    Attributes:
        opset: of ONNX's own operators, 13 to 21.
        batch: rows in one call; None leaves it open.
        tensorrt: version whose rules and opset the `tensorrt` variant keeps.
        machine: the processor's kind, as `uname -m` says it.
    """

    opset: int = 17
    batch: int | None = None
    tensorrt: str = "10.3"
    machine: str = "x86_64"

    def __post_init__(self) -> None:
        if self.opset not in IR_VERSIONS:
            raise ModelError(f"opset {self.opset}: should be {min(IR_VERSIONS)} to {max(IR_VERSIONS)}")
        if self.batch is not None and self.batch < 1:
            raise ModelError(f"batch {self.batch}: should be 1 or more")


@dataclass
class Builder:
    """Collects nodes and constants of a chain from `input` to `logits`.

    Attributes:
        current: the tensor that the next node takes.
    """

    current: str = INPUT
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)

    def constant(self, name: str, values: NDArray[np.generic] | np.generic) -> str:
        """Add a constant once; the name again."""
        self.constants.setdefault(name, numpy_helper.from_array(np.asarray(values), name))
        return name

    def apply(self, operator: str, output: str, *inputs: str, **attributes: int | float) -> str:
        """Append a node that takes the current tensor and further inputs; its output becomes the current tensor."""
        self.current = self.beside(operator, output, self.current, *inputs, **attributes)
        return self.current

    def beside(self, operator: str, output: str, *inputs: str, **attributes: int | float) -> str:
        """Append a node that leaves the current tensor as it is; the name of its output."""
        node = helper.make_node(operator, list(inputs), [output], name=output)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        self.nodes.append(node)
        return output

    def model(self, name: str, inputs: int, classes: int, settings: GraphSettings) -> onnx.ModelProto:
        """The finished model: one float32 input of shape (rows, inputs), one float32 output (rows, classes).

        Raises:
            ModelError: it is not a valid ONNX model: a fault of the builder.
        """
        rows = ROWS if settings.batch is None else settings.batch
        source = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [rows, inputs])
        sink = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [rows, classes])
        graph = helper.make_graph(self.nodes, name, [source], [sink], list(self.constants.values()))
        opsets = [helper.make_opsetid("", settings.opset)]
        ir_version = IR_VERSIONS[settings.opset]
        model = helper.make_model(graph, producer_name="gateweave", opset_imports=opsets, ir_version=ir_version)
        try:
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            raise ModelError(f"{name}: not a valid model: {first_line(error)}") from error
        return model
