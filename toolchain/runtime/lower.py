"""From QONNX to plain ONNX: each quantiser becomes the float operators that the qonnx executor computes it by.

Weights' quantisers are folded into constants by qonnx itself. What is left are activations' quantisers: divide, add the
zero point, clip, round, subtract, multiply, in that order, as qonnx does, so that both give the same floats.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper, version_converter
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.fold_constants import FoldConstants
from qonnx.util.cleanup import cleanup_model

from toolchain.errors import ModelError
from toolchain.runtime.builder import IR_VERSIONS

_QUANTISERS = {"Quant", "IntQuant", "BipolarQuant", "Trunc"}

# Operators that stand for qonnx's rounding modes; those that work on magnitudes take the sign off and put it back.
_ROUNDING = {"ROUND": "Round", "HALF_EVEN": "Round", "CEIL": "Ceil", "FLOOR": "Floor"}
_MAGNITUDES = {"UP": ("Ceil", 0.0), "DOWN": ("Floor", 0.0), "HALF_UP": ("Floor", 0.5), "HALF_DOWN": ("Ceil", -0.5)}


def tidy(model: onnx.ModelProto) -> ModelWrapper:
    """A QONNX model after qonnx's own clean-up.

    Raises:
        ModelError: qonnx does not understand it.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    try:
        return cleanup_model(ModelWrapper(copy))
    except Exception as error:  # qonnx raises plain Exception, and whatever its parts raise.
        message = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"qonnx does not understand it: {message}") from error


def lower(model: ModelWrapper, opset: int) -> onnx.ModelProto:
    """A tidy QONNX model as plain float ONNX.

    Args:
        opset: of the result, 13 or more.

    Raises:
        ModelError: a quantiser's parameters are not constants, or an operator cannot be brought to the opset.
    """
    folded = model.transform(FoldConstants(exclude_op_types=[]))
    quantisers = {node.output[0]: node for node in folded.graph.node if node.op_type in _QUANTISERS}
    plain = to_opset(_with_placeholders(folded.model, quantisers), opset)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in folded.graph.initializer}
    nodes: list[NodeProto] = []
    added: dict[str, TensorProto] = {}
    for node in plain.graph.node:
        quantiser = quantisers.get(node.output[0])
        if quantiser is None:
            nodes.append(node)
        else:
            nodes += _Chain(quantiser, constants, added).nodes()
    del plain.graph.node[:]
    plain.graph.node.extend(nodes)
    plain.graph.initializer.extend(added.values())
    return _pruned(plain)


def to_opset(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """The model in another opset, with the least IR version that goes with it.

    Raises:
        ModelError: ONNX's converter cannot do it; names the operator.
    """
    try:
        converted = version_converter.convert_version(model, opset) if opset_of(model) != opset else model
    except (RuntimeError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        message = str(error).strip().splitlines()[0]
        raise ModelError(f"cannot be brought to opset {opset}: {message}; export it with opset {opset}") from error
    result = onnx.ModelProto()
    result.CopyFrom(converted)
    result.ir_version = IR_VERSIONS.get(opset, result.ir_version)
    # Constants that are inputs, too, as in models of IR version 3, are not folded by ONNX Runtime.
    constants = {tensor.name for tensor in result.graph.initializer}
    inputs = [value for value in result.graph.input if value.name not in constants]
    del result.graph.input[:]
    result.graph.input.extend(inputs)
    return result


def at_most(model: onnx.ModelProto, opset: int) -> onnx.ModelProto:
    """The model in its own opset, or in this one where its own is newer.

    Raises:
        ModelError: see `to_opset`.
    """
    return to_opset(model, min(opset_of(model), opset))


def opset_of(model: onnx.ModelProto) -> int:
    """Version of ONNX's own operators."""
    return next((int(o.version) for o in model.opset_import if o.domain in {"", "ai.onnx"}), 0)


def _with_placeholders(model: onnx.ModelProto, quantisers: Mapping[str, NodeProto]) -> onnx.ModelProto:
    """A copy in which an Identity stands for each quantiser: ONNX's converter knows no other domains."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for index, node in enumerate(copy.graph.node):
        if node.output[0] in quantisers:
            stand_in = helper.make_node("Identity", node.input[:1], node.output[:1], name=node.name)
            copy.graph.node[index].CopyFrom(stand_in)
    del copy.opset_import[:]
    copy.opset_import.append(helper.make_opsetid("", opset_of(model)))
    del copy.graph.quantization_annotation[:]
    return copy


def _pruned(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without constants that no node takes, and without shapes noted before the change."""
    used = {name for node in model.graph.node for name in node.input} | {value.name for value in model.graph.output}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    del model.graph.value_info[:]
    return model


class _Chain:
    """The operators that stand for one quantiser."""

    def __init__(
        self, node: NodeProto, constants: Mapping[str, NDArray[np.generic]], added: dict[str, TensorProto]
    ) -> None:
        self._node, self._constants, self._added = node, constants, added
        self._result: list[NodeProto] = []
        self._current = node.input[0]
        self._attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def nodes(self) -> list[NodeProto]:
        """All of them; the last one yields the quantiser's own output."""
        kind = self._node.op_type
        if kind == "BipolarQuant":
            self._bipolar(self._parameter(1))
        elif kind == "Trunc":
            self._trunc()
        else:
            self._quant()
        self._result[-1].output[0] = self._node.output[0]
        return self._result

    def _quant(self) -> None:
        scale, zero, bits = (self._parameter(i) for i in (1, 2, 3))
        self._apply("Div", scale)
        if zero.any():
            self._apply("Add", zero)
        if float(self._scalar(bits)) == 1 and self._flag("signed", 1):
            self._bipolar(np.ones((), np.float32))
        else:
            self._clip(float(self._scalar(bits)))
            self._round()
        if zero.any():
            self._apply("Sub", zero)
        self._apply("Mul", scale)

    def _trunc(self) -> None:
        if len(self._node.input) != 5:
            raise ModelError(f"node {self._name}: Trunc with {len(self._node.input)} inputs; version 1 has 5")
        scale, zero, wide, narrow = (self._parameter(i) for i in (1, 2, 3, 4))
        self._apply("Div", scale)
        self._apply("Add", zero)
        self._unary("Round")
        self._apply("Div", np.float32(2.0 ** (self._scalar(wide) - self._scalar(narrow))))
        self._round(default="FLOOR")
        self._apply("Sub", zero)
        self._apply("Mul", scale)

    def _bipolar(self, scale: NDArray[np.generic]) -> None:
        source = self._current
        reached = self._step("GreaterOrEqual", source, self._constant(np.float32(0)))
        self._current = self._step("Where", reached, self._constant(np.float32(1)), self._constant(np.float32(-1)))
        self._apply("Mul", scale)

    def _clip(self, bits: float) -> None:
        signed, narrow = self._flag("signed", 1), self._flag("narrow", 0)
        least = -(2 ** (bits - 1)) + narrow if signed else 0.0
        greatest = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
        bounds = (self._constant(np.float32(least)), self._constant(np.float32(greatest)))
        self._current = self._step("Clip", self._current, *bounds)

    def _round(self, default: str = "ROUND") -> None:
        raw = self._attributes.get("rounding_mode", default.encode())
        mode = (raw.decode() if isinstance(raw, bytes) else str(raw)).upper()
        if mode in _ROUNDING:
            self._unary(_ROUNDING[mode])
        elif mode in _MAGNITUDES:
            operator, shift = _MAGNITUDES[mode]
            sign = self._step("Sign", self._current)
            self._unary("Abs")
            if shift:
                self._apply("Add", np.float32(shift))
            self._unary(operator)
            self._current = self._step("Mul", self._current, sign)
        else:
            raise ModelError(f"node {self._name}: unknown rounding mode {mode!r}")

    @property
    def _name(self) -> str:
        return self._node.name or self._node.output[0]

    def _parameter(self, index: int) -> NDArray[np.generic]:
        name = self._node.input[index]
        if name not in self._constants:
            raise ModelError(f"node {self._name} ({self._node.op_type}): parameter {name!r} is not a constant")
        return self._constants[name].astype(np.float32)

    def _scalar(self, values: NDArray[np.generic]) -> float:
        if values.size != 1:
            raise ModelError(f"node {self._name} ({self._node.op_type}): {values.size} bit widths; one is supported")
        return float(values.reshape(-1)[0])

    def _flag(self, name: str, default: int) -> int:
        return int(self._attributes.get(name, default))

    def _apply(self, operator: str, values: NDArray[np.generic] | np.generic) -> None:
        self._current = self._step(operator, self._current, self._constant(values))

    def _unary(self, operator: str) -> None:
        self._current = self._step(operator, self._current)

    def _step(self, operator: str, *inputs: str) -> str:
        name = f"{self._node.output[0]}_{len(self._result)}_{operator}"
        self._result.append(helper.make_node(operator, list(inputs), [name], name=name))
        return name

    def _constant(self, values: NDArray[np.generic] | np.generic) -> str:
        name = f"{self._node.output[0]}_constant_{len(self._result)}_{len(self._added)}"
        self._added[name] = numpy_helper.from_array(np.asarray(values, np.float32), name)
        return name
