"""Cuts a QONNX graph into segments: one integer matrix product and the elementwise nodes behind it.

A network that streamlines is a chain ``quantised input -> (MatMul|Gemm -> elementwise ... -> Quant)*``.
Everything elementwise between a matrix product and the next quantiser ends in integer thresholds, so
nothing here needs to know what those nodes are, only that they work element by element.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.dense import Integers
from toolchain.graph.labelling import LABELLING, check_labelling
from toolchain.graph.model_file import run_node
from toolchain.graph.qonnx_nodes import QUANTISERS

LINEAR = {"MatMul", "Gemm"}
RESHAPING = {"Flatten", "Reshape", "Identity", "Squeeze", "Unsqueeze"}
AFFINE = {"Add", "BatchNormalization", "Div", "Mul", "Sub"}
CODING = QUANTISERS | {"MultiThreshold"}
"""What can end a segment: it yields one of few values."""
ELEMENTWISE = CODING | AFFINE | {"Clip", "HardTanh", "Relu"}

_LARGEST = 2**31


@dataclass
class Segment:
    """A matrix product and what follows it up to the next one.

    Attributes:
        name: the linear node's name; ``"input"`` for the nodes before the first product.
        tensor: name of the tensor that enters `chain`.
        weights: integer weights, shape (inputs, outputs); None for the input segment.
        weight_scale: float value of one weight unit, shape (outputs,).
        bias: float bias of a Gemm, shape (outputs,).
        chain: the elementwise nodes, in order.
    """

    name: str
    tensor: str
    weights: Integers | None = None
    weight_scale: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    bias: NDArray[np.float64] = field(default_factory=lambda: np.zeros(1))
    chain: list[NodeProto] = field(default_factory=list)

    @property
    def quantiser(self) -> NodeProto | None:
        """The node that ends the segment with one of few values, if one does."""
        return self.chain[-1] if self.chain and self.chain[-1].op_type in CODING else None


def cut(model: ModelWrapper) -> list[Segment]:
    """Cut a tidy QONNX model into segments, the input's first.

    Raises:
        ModelError: a node that is not part of such a chain; the message names it and its type.
    """
    walk = _Walk(model, fold_constants(model))
    for node in model.graph.node:
        if node.output[0] not in walk.constants:
            walk.take(node)
    if len(walk.segments) == 1:
        raise ModelError("the model holds no MatMul or Gemm node; nothing to map to hardware")
    walk.must_end_in([value.name for value in model.graph.output])
    return walk.segments


def is_chain(model: ModelWrapper) -> bool:
    """Whether a tidy QONNX model is a chain of dense layers."""
    try:
        cut(model)
    except ModelError:
        return False
    return True


class _Walk:
    """The chain as far as it has been walked."""

    def __init__(self, model: ModelWrapper, constants: dict[str, NDArray[np.float32]]) -> None:
        self._model, self.constants = model, constants
        self._current = model.graph.input[0].name
        self.segments = [Segment("input", self._current)]
        self._reshaping: list[NodeProto] = []
        # Tensors of this segment: one may be taken again further down, since all depend on one accumulator alone.
        self._inside = {self._current}
        self._label: NodeProto | None = None

    def take(self, node: NodeProto) -> None:
        """Add the next node.

        Raises:
            ModelError: it does not go on from where the chain ends, or is no part of one.
        """
        self._must_go_on(node)
        if node.op_type in LABELLING:
            check_labelling(self._model, node, self.constants)
            self._label = node
        elif node.op_type in LINEAR:
            self._open(node)
        elif node.op_type in ELEMENTWISE:
            self._must_keep_shape(node)
            self.segments[-1].chain += [*self._reshaping, node]
            self._reshaping = []
        elif node.op_type in RESHAPING:
            self._must_keep_rows(node)
            self._reshaping.append(node)
        else:
            raise ModelError(
                f"node {node.name}: operator {node.op_type} is not supported; "
                f"use one of {', '.join(sorted(LINEAR | ELEMENTWISE | RESHAPING))}"
            )
        self._current = _result(node)
        self._inside.add(self._current)

    def must_end_in(self, outputs: list[str]) -> None:
        """Check that the chain's end is the model's only output.

        Raises:
            ModelError: it is not.
        """
        if outputs != [self._current]:
            raise ModelError(f"the model's output is {', '.join(outputs)}; the end of the chain is {self._current}")

    def _open(self, node: NodeProto) -> None:
        segment = _linear_segment(self._model, node, self.constants)
        self._must_be_a_row(node, segment)
        self.segments.append(segment)
        self._reshaping, self._inside = [], set()

    def _must_go_on(self, node: NodeProto) -> None:
        if self._label is not None and node.op_type not in LABELLING | RESHAPING:
            raise ModelError(
                f"node {node.name} ({node.op_type}): follows {self._label.op_type}; end the network with the label"
            )
        known = self._inside if node.op_type in ELEMENTWISE else {self._current}
        others = [name for name in node.input if name and name not in self.constants and name not in known]
        if self._current not in node.input or others:
            raise ModelError(f"node {node.name} ({node.op_type}): the network branches here; only chains are supported")

    def _must_keep_shape(self, node: NodeProto) -> None:
        before, after = (self._model.get_tensor_shape(name) for name in (self._current, node.output[0]))
        if before != after:
            raise ModelError(
                f"node {node.name} ({node.op_type}): makes shape {after} of {before}; its constants must not add rows"
            )

    def _must_keep_rows(self, node: NodeProto) -> None:
        before, after = (self._model.get_tensor_shape(name) for name in (self._current, node.output[0]))
        if not before or not after or before[0] != after[0]:
            raise ModelError(
                f"node {node.name} ({node.op_type}): makes shape {after} of {before}; the first axis, which counts "
                "inputs, must stay"
            )

    def _must_be_a_row(self, node: NodeProto, segment: Segment) -> None:
        assert segment.weights is not None
        shape = self._model.get_tensor_shape(self._current)
        if node.input[0] != self._current or not shape or len(shape) != 2 or shape[1] != len(segment.weights):
            raise ModelError(
                f"node {node.name} ({node.op_type}): takes shape {shape}; one row of {len(segment.weights)} values as "
                "its first input is supported"
            )


def _result(node: NodeProto) -> str:
    """The output that the chain goes on from: of a TopK the indices."""
    return str(node.output[1] if node.op_type == "TopK" else node.output[0])


def fold_constants(model: ModelWrapper) -> dict[str, NDArray[np.float32]]:
    """Values of all tensors that do not depend on the input, by name.

    Raises:
        ModelError: a node fails on them.
    """
    known = {i.name: model.get_initializer(i.name) for i in model.graph.initializer}
    for node in model.graph.node:
        if all(name in known for name in node.input if name):
            context = dict(known)
            for name in node.output:
                context[name] = np.zeros(model.get_tensor_shape(name) or (), np.float32)
            run_node(node, context, model)
            known.update({name: context[name] for name in node.output})
    return known


def _linear_segment(model: ModelWrapper, node: NodeProto, constants: dict[str, NDArray[np.float32]]) -> Segment:
    attributes = {a.name: (a.f if a.type == 1 else a.i) for a in node.attribute}
    if node.input[1] not in constants or attributes.get("transA", 0) or attributes.get("alpha", 1.0) != 1.0:
        raise ModelError(f"node {node.name} ({node.op_type}): needs constant weights, no transA and alpha of 1")
    if np.ndim(constants[node.input[1]]) != 2:
        raise ModelError(f"node {node.name} ({node.op_type}): weights of two dimensions are expected")
    values = np.asarray(constants[node.input[1]], dtype=np.float64)
    scale = _weight_scale(model, node, values.shape)
    if attributes.get("transB", 0):
        values, scale = values.T, scale.T
    with np.errstate(all="ignore"):
        weights = np.rint(values / scale)
    if not np.isfinite(weights).all() or np.abs(weights).max(initial=0) >= _LARGEST:
        raise ModelError(f"node {node.name} ({node.op_type}): weights of 31 bits at most are supported")
    if not np.array_equal((weights * scale).astype(np.float32), values.astype(np.float32)):
        raise ModelError(f"node {node.name} ({node.op_type}): {_why_not_whole(model, node)}")
    per_output = np.broadcast_to(scale, values.shape)
    if not (per_output == per_output[:1]).all():
        raise ModelError(f"node {node.name} ({node.op_type}): weight scales may differ per output, not per input")
    bias = np.zeros(1) if len(node.input) < 3 else np.asarray(constants[node.input[2]], dtype=np.float64).reshape(-1)
    bias = bias * attributes.get("beta", 1.0)
    return Segment(node.name, node.output[0], weights.astype(np.int64), per_output[0].copy(), bias)


def _why_not_whole(model: ModelWrapper, node: NodeProto) -> str:
    maker, _ = _weight_maker(model, node)
    if maker is None:
        return "its weights come from no quantiser, and are no whole numbers; quantise them"
    if maker.op_type not in QUANTISERS:
        return f"its weights come from {maker.op_type} {maker.name}; a quantiser should be the last that makes them"
    return f"its weights are no whole multiples of the scale of {maker.op_type} {maker.name}, in float32"


def _weight_maker(model: ModelWrapper, node: NodeProto) -> tuple[NodeProto | None, bool]:
    """The node that makes the weights, None where they lie in the file as they are; and whether they are turned."""
    producer, turned = model.find_producer(node.input[1]), False
    while producer is not None and producer.op_type == "Transpose":
        orders = [list(a.ints) for a in producer.attribute if a.name == "perm"]
        turned ^= orders != [[0, 1]]
        producer = model.find_producer(producer.input[0])
    return producer, turned


def _weight_scale(model: ModelWrapper, node: NodeProto, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Scale of the quantiser that makes the weights, as two dimensions that broadcast to theirs."""
    producer, turned = _weight_maker(model, node)
    if producer is None or producer.op_type not in QUANTISERS:
        return np.ones((1, 1))
    scale = np.asarray(model.get_initializer(producer.input[1]), dtype=np.float64)
    if scale.size == 1:
        return scale.reshape(1, 1)
    if scale.ndim > 2:
        where = f"node {producer.name} ({producer.op_type})"
        raise ModelError(f"{where}: scale of shape {scale.shape} does not fit weights {shape}")
    return np.atleast_2d(scale).T if turned else np.atleast_2d(scale)
