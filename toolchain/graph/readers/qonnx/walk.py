"""Goes through a file's nodes in order, and makes the integer graph of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.limits import datatype
from toolchain.graph.ops import Input
from toolchain.graph.qonnx_nodes import QUANTISERS
from toolchain.graph.readers.qonnx import elementwise, linear, moves, pools, sums
from toolchain.graph.readers.qonnx.attributes import attributes_of, name_of, where
from toolchain.graph.readers.qonnx.constants import Constants
from toolchain.graph.readers.qonnx.ends import CLOSING, Closing, Label, Late
from toolchain.graph.readers.qonnx.facing import channel_axis
from toolchain.graph.readers.qonnx.grid import Grid, grid_of
from toolchain.graph.readers.qonnx.parts import Entry
from toolchain.graph.readers.qonnx.quantise import Quantiser
from toolchain.graph.readers.qonnx.settle import settled
from toolchain.graph.readers.qonnx.steps import Executor, Step
from toolchain.graph.readers.qonnx.values import Pending, Wire, free_name
from toolchain.graph.types import IntType, TensorType

CODING = QUANTISERS | {"MultiThreshold", "Trunc"}
"""Quantisers: behind one a tensor is integers again."""

_ROUNDING = frozenset({"Round", "Floor", "Ceil"})
_SUMS = frozenset({"Add", "Sub", "Sum"})
SUPPORTED = elementwise.OPERATORS | linear.OPERATORS | pools.OPERATORS | moves.OPERATORS | CLOSING | {"Concat"}


@dataclass(frozen=True)
class Floating:
    """A tensor of floats before any quantiser.

    Attributes:
        integers: the same of an input that is annotated with an integer type.
    """

    name: str
    integers: Pending | None = None


@dataclass(frozen=True)
class Unknown:
    """What a refused node would have made."""


Tensor = Pending | Floating | Late | Label | Unknown


class Walk:
    """The graph as far as it has been read.

    Attributes:
        tensors: by the file's names.
        reasons: why nodes are refused.
    """

    def __init__(
        self, model: ModelWrapper, nodes: Sequence[NodeProto], executor: Executor, constants: Constants
    ) -> None:
        self.model, self.constants, self.executor, self.graph = model, constants, executor, Graph()
        self._nodes = nodes
        self.tensors: dict[str, Tensor] = {}
        self.entries: list[Entry] = []
        self.reasons: list[str] = []
        self.notices: list[str] = []
        self.closing = Closing(executor, constants.values)
        self._used = {n for node in nodes for n in node.input} | {o.name for o in model.graph.output}
        initializers = {i.name for i in model.graph.initializer}
        self.inputs = {i.name: self._shape(i.name) for i in model.graph.input if i.name not in initializers}
        for name, shape in self.inputs.items():
            self.tensors[name] = Floating(name, self._annotated(name, shape))
        self.batch = max(1, int((model.get_tensor_shape(next(iter(self.inputs), "")) or [1])[0]))

    def go(self) -> None:
        """Take all nodes; those that are refused are noted."""
        for node in self._nodes:
            if all(name in self.constants for name in node.output if name):
                continue
            given = [self.tensors[n] for n in node.input if n in self.tensors]
            if any(isinstance(t, Unknown) for t in given):
                self._put(node, [Unknown()] * len(node.output))
                continue
            try:
                self._put(node, self._made(node))
            except ModelError as error:
                self.reasons.append(str(error))
                self._put(node, [Unknown()] * len(node.output))

    def _put(self, node: NodeProto, made: Sequence[Tensor]) -> None:
        for name, tensor in zip(node.output, made, strict=False):
            if name:
                self.tensors[name] = tensor

    def _made(self, node: NodeProto) -> Sequence[Tensor]:
        """The node's outputs."""
        if node.op_type not in SUPPORTED:
            raise ModelError(
                f"{where(node)}: the operator is not supported; use elementwise functions, convolutions, matrix "
                "products, pooling, sums and moves, with quantisers between them"
            )
        names = list(dict.fromkeys(n for n in node.input if n and n not in self.constants))
        given = [self.tensors[n] for n in names]
        if node.op_type in CLOSING or any(isinstance(t, Late | Label) for t in given):
            return self._closed(node, names)
        if given and all(isinstance(t, Floating) for t in given):
            return [self._floating(node, names)] if len(node.output) == 1 else self._several(node, names)
        return self._pending(node, {n: self._integers(node, n) for n in names})

    def _closed(self, node: NodeProto, names: Sequence[str]) -> Sequence[Tensor]:
        given: list[Pending | Late | Label] = []
        for name in names:
            tensor = self.tensors[name]
            given.append(tensor if isinstance(tensor, Pending | Late | Label) else self._integers(node, name))
            self.tensors[name] = given[-1]
        made = self.closing.close(node, given, self._used)
        return [made] * len(node.output)

    # Before the first quantiser

    def _floating(self, node: NodeProto, names: Sequence[str]) -> Tensor:
        if node.op_type in CODING:
            return self._entered(node, names[0])
        if node.op_type in linear.OPERATORS | pools.OPERATORS:
            return self._pending(node, {n: self._integers(node, n) for n in names})[0]
        integers = None
        given = [t.integers for t in (self.tensors[n] for n in names) if isinstance(t, Floating) and t.integers]
        if len(given) == len(names):
            try:
                integers = self._pending(node, dict(zip(names, given, strict=True)))[0]
            except ModelError:
                integers = None
        return Floating(node.output[0], integers if isinstance(integers, Pending) else None)

    def _several(self, node: NodeProto, names: Sequence[str]) -> Sequence[Tensor]:
        if node.op_type == "Split":
            return [Floating(name) for name in node.output]
        return [self._floating(node, names)] * len(node.output)

    def _integers(self, node: NodeProto, name: str) -> Pending:
        """A tensor as integers.

        Raises:
            ModelError: it comes from no quantiser.
        """
        tensor = self.tensors[name]
        if isinstance(tensor, Pending):
            return tensor
        if isinstance(tensor, Floating) and tensor.integers is not None:
            return tensor.integers
        raise ModelError(
            f"{where(node)}: takes {name!r}, which is not quantised; put a Quant or BipolarQuant between the two"
        )

    def _annotated(self, name: str, shape: tuple[int, ...]) -> Pending | None:
        """An input as integers of the type that it is annotated with."""
        said = self.model.get_tensor_datatype(name).name
        if not datatype(f"input {name!r}", said).is_integer() or said.startswith("SCALEDINT"):
            return None
        kind = IntType.of(said)
        value = self._placeholder(name, name, shape, kind.low, kind.high, kind.step)
        self.entries.append(Entry(value.wire.taken(), name, value, annotated=True))
        return value

    def _placeholder(
        self, name: str, tensor: str, shape: tuple[int, ...], low: int, high: int, step: int = 1
    ) -> Pending:
        """An input of the graph, its channels where the nodes behind it want them."""
        axis = channel_axis(self._nodes, tensor, len(shape) + 1)
        layout = (*(a for a in range(1, len(shape) + 1) if a != axis), axis)
        kind = TensorType([shape[a - 1] for a in layout], low, high, step)
        return Pending(Wire(self.graph, name, Input(kind), ()), np.ones(1), np.zeros(1), layout)

    def _entered(self, node: NodeProto, name: str) -> Pending:
        """Behind the quantiser of a tensor of floats: an input of the graph, or the input's own integers."""
        tensor = self.tensors[name]
        if isinstance(tensor, Floating) and tensor.integers is not None:
            stepped = elementwise.stepped(node, {name: tensor.integers}, self.constants.values)
            assert isinstance(stepped.tree, Step)
            quantiser = Quantiser(self.executor, stepped, stepped.tree)
            if quantiser.is_identity():
                return quantiser.quantised(name_of(node))
        return self._quantised_input(node, name)

    def _quantised_input(self, node: NodeProto, name: str) -> Pending:
        value = self._placeholder(name_of(node), node.output[0], self._shape(name), 0, 0)
        stepped = elementwise.stepped(node, {name: value}, self.constants.values)
        assert isinstance(stepped.tree, Step)
        grid = grid_of(stepped.tree)
        if grid.levels is None:
            raise ModelError(f"{where(node)}: nothing bounds what comes in; put a Quant before it")
        return self._input_of(node, stepped, grid)

    def _input_of(self, node: NodeProto, value: Pending, grid: Grid) -> Pending:
        levels = grid.levels or 0
        kind = TensorType(value.type.shape, grid.least, grid.least + grid.step * levels, grid.step)
        entered = Pending(
            Wire(self.graph, free_name(self.graph, name_of(node)), Input(kind), ()),
            grid.unit,
            np.zeros(1),
            value.layout,
        )
        self.entries.append(Entry(entered.wire.taken(), node.output[0], entered))
        return entered

    def _shape(self, name: str) -> tuple[int, ...]:
        shape = self.model.get_tensor_shape(name)
        if not shape or any(not isinstance(n, int) or n < 1 for n in shape[1:]) or len(shape) < 2:
            raise ModelError(
                f"tensor {name!r} has shape {shape}; a batch and one more axis at least are expected, of fixed sizes"
            )
        return tuple(int(n) for n in shape[1:])

    # Behind it

    def _pending(self, node: NodeProto, values: dict[str, Pending]) -> Sequence[Pending]:
        kind = node.op_type
        if not values:
            raise ModelError(f"{where(node)}: takes no tensor of the network; leave it out")
        first = next(iter(values.values()))
        if kind in linear.OPERATORS:
            return [linear.linear(node, self._bare(node, values), self.constants)]
        if kind in pools.OPERATORS:
            return [self._pooled(node, first)]
        if kind == "Concat":
            parts = [self._integers(node, n) for n in node.input]
            return [moves.concatenated(self.executor, node, parts)]
        if kind in moves.OPERATORS and not (kind == elementwise.LOOK_UP and node.input[0] in self.constants):
            return self._moved(node, first)
        if kind in _SUMS and len(values) == 2 and not elementwise.same_integers(list(values.values())):
            return [sums.add(self.executor, node, *values.values())]
        return [self._stepped(node, values)]

    def _stepped(self, node: NodeProto, values: dict[str, Pending]) -> Pending:
        if not elementwise.same_integers(list(values.values())):
            raise ModelError(
                f"{where(node)}: combines {len(values)} tensors; sums and differences of two tensors are supported, or "
                "functions of one"
            )
        stepped = elementwise.stepped(node, values, self.constants.values)
        return self._quantised(node, stepped) if node.op_type in CODING else stepped

    def _quantised(self, node: NodeProto, stepped: Pending) -> Pending:
        assert isinstance(stepped.tree, Step)
        quantiser = Quantiser(self.executor, stepped, stepped.tree)
        found = quantiser.quantised(name_of(node))
        self.notices += [quantiser.notice] if quantiser.notice else []
        return found

    def _bare(self, node: NodeProto, values: dict[str, Pending]) -> Pending:
        """What a matrix product takes, without steps.

        Raises:
            ModelError: it has some that a quantiser should end; names the tensor and the node.
        """
        name, value = next(iter(values.items()))
        if len(values) > 1:
            raise ModelError(
                f"{where(node)}: a product of two tensors; only products with constant weights are supported"
            )
        if isinstance(value.tree, Step) and value.tree.node.op_type in _ROUNDING:
            value = self._quantised(node, value)
        found = settled(self.executor, value, name_of(node))
        if found is None or not found.exact:
            raise ModelError(
                f"{where(node)}: takes {name!r}, which is not quantised; put a Quant between it and the node"
            )
        return found

    def _pooled(self, node: NodeProto, value: Pending) -> Pending:
        axes = None
        if node.op_type in pools.ALONG_AXES:
            said = attributes_of(node).get("axes")
            axes = moves.numbers(node, 1, self.constants, said, optional=True) or range(1, len(value.shape) + 1)
        found = pools.pooled(self.executor, node, value, axes)
        return self._quantised(node, found) if node.op_type == "QuantAvgPool2d" else found

    def _moved(self, node: NodeProto, value: Pending) -> Sequence[Pending]:
        kind = node.op_type
        if kind in moves.SHAPING:
            return [moves.shaped(node, value, self.constants, self.batch)]
        if kind in moves.PICKING:
            return moves.picked(node, value, self.constants)
        if kind == "Transpose":
            return [moves.transposed(node, value)]
        if kind == "Pad":
            return [moves.padded(self.executor, node, value, self.constants)]
        return [moves.repeated(node, value, self._sizes(node, value))]

    def _sizes(self, node: NodeProto, value: Pending) -> list[int]:
        """Shape that a Resize or Upsample makes, with the batch."""
        given = [1, *value.shape]
        if len(node.input) > 3 and node.input[3]:
            sizes = moves.numbers(node, 3, self.constants)
        else:
            scales = attributes_of(node).get("scales")
            place = 2 if node.op_type == "Resize" and len(node.input) > 2 else 1
            if scales is None and (len(node.input) <= place or node.input[place] not in self.constants):
                raise ModelError(f"{where(node)}: its scales are no constant; export the model with fixed shapes")
            factors = np.ravel(self.constants[node.input[place]] if scales is None else scales)
            sizes = [int(n * f) for n, f in zip(given, factors, strict=False)]
        if len(sizes) != len(given) or min(sizes) < 1 or max(sizes) > 2**16:
            raise ModelError(f"{where(node)}: makes shape {sizes} of {given}")
        return sizes
