"""A float ONNX file as a PyTorch network of modules, which Brevitas can quantise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from brevitas.backport import fx
from onnx import NodeProto, helper, numpy_helper
from torch import nn

from toolchain.errors import ModelError
from toolchain.graph.lower import tidy
from toolchain.graph.qonnx_nodes import is_qonnx
from toolchain.quantise.operators import BUILDERS, ENDS, NodeOf
from toolchain.results.options import RunOptions
from toolchain.runtime.load import load_untrusted
from toolchain.runtime.network_file.opening import is_quantised, is_tflite
from toolchain.runtime.session import open_session

# What may stand before the first layer and stays outside the integer graph.
_BEFORE_LAYERS = {"Add", "Sub", "Mul", "Div", "Identity"}

_TRIED = 4
# Relative to the greatest output: two ways to add floats.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class FloatNetwork:
    """A float network of one input and one output.

    Attributes:
        module: takes (N, *shape), in inference mode.
        shape: of one input, without the batch.
        outputs: numbers that it answers with.
        left_out: operators at its end that change no order, such as Softmax.
    """

    module: fx.GraphModule
    shape: tuple[int, ...]
    outputs: int
    left_out: tuple[str, ...] = ()


def read_float(path: Path) -> FloatNetwork:
    """Read a float ONNX file.

    Raises:
        ModelError: it is no float ONNX file of one input and one output, or has nodes that are not known; names all.
    """
    if path.is_file() and is_tflite(path):
        raise ModelError(f"{path}: a TFLite file; export the float network as ONNX")
    model = load_untrusted(path)
    try:
        if is_qonnx(model) or is_quantised(model):
            raise ModelError("quantised already: NETWORK= takes it as it is")
        return _read(tidy(_of_one(model)).model)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error


def must_answer_alike(network: FloatNetwork, path: Path) -> None:
    """Hold the network against ONNX Runtime on a few random inputs.

    Raises:
        ModelError: they differ by more than the order of float sums explains.
    """
    x = np.random.default_rng(1).uniform(0, 1, (_TRIED, *network.shape)).astype(np.float32)
    session = open_session(_of_one(load_untrusted(path)), RunOptions("none"))
    name = session.get_inputs()[0].name
    wanted = np.concatenate([np.ravel(session.run(None, {name: row[None]})[0]) for row in x])
    with torch.no_grad():
        got = network.module(torch.from_numpy(x))
        for operator in network.left_out[::-1]:
            got = ENDS[operator](got)
    if np.abs(got.numpy().ravel() - wanted).max() > _TOLERANCE * max(1e-6, float(np.abs(wanted).max())):
        raise ModelError(f"{path}: read as PyTorch it answers otherwise than in ONNX Runtime; please report it")


def _of_one(model: onnx.ModelProto) -> onnx.ModelProto:
    """For a batch of one, so that every shape is known."""
    one = onnx.ModelProto()
    one.CopyFrom(model)
    constants = {tensor.name for tensor in one.graph.initializer}
    inputs = [value for value in one.graph.input if value.name not in constants]
    if len(inputs) != 1 or len(one.graph.output) != 1:
        raise ModelError(f"{len(inputs)} inputs and {len(one.graph.output)} outputs; one of each is taken")
    sizes = inputs[0].type.tensor_type.shape.dim
    if len(sizes) < 2 or any(size.dim_value < 1 for size in sizes[1:]):
        told = [size.dim_param or size.dim_value or "?" for size in sizes]
        raise ModelError(
            f"input {inputs[0].name} has shape {told}; all sizes behind the batch must be fixed: export it so"
        )
    sizes[0].dim_value = 1
    one.graph.output[0].type.ClearField("tensor_type")
    one.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    del one.graph.value_info[:]
    return one


def _read(model: onnx.ModelProto) -> FloatNetwork:
    reader = _Reader(model)
    reader.must_be_known()
    for node in reader.nodes:
        reader.add(node)
    return reader.finished()


class _Reader:
    """Builds the network, node by node."""

    def __init__(self, model: onnx.ModelProto) -> None:
        graph = model.graph
        self.constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
        values = (*graph.input, *graph.value_info, *graph.output)
        self.shapes = {v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in values}
        self.source, self.sink = graph.input[0].name, graph.output[0].name
        self.nodes, self.left_out = _without_end(list(graph.node))
        if self.left_out:
            self.sink = self.nodes[-1].output[0]
        self.root, self.graph = nn.Module(), fx.Graph()
        self.front = {self.source}
        self.made = {self.source: self.graph.placeholder("x")}

    def must_be_known(self) -> None:
        unknown = [f"{n.name} ({n.op_type})" for n in self.nodes if n.op_type not in BUILDERS]
        if unknown:
            raise ModelError(
                f"not taken: {', '.join(unknown)}; known are {', '.join(sorted(BUILDERS))}, and at the end "
                f"{' and '.join(sorted(ENDS))}"
            )

    def add(self, node: NodeProto) -> None:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        seen = NodeOf(
            node.name,
            node.op_type,
            attributes,
            tuple(self.constants.get(name) for name in node.input),
            tuple(self.shapes.get(name, ()) for name in node.input),
            self.shapes.get(node.output[0], ()),
            all(name in self.front for name in node.input if name in self.made),
        )
        given = [self.made[name] for name in node.input if name in self.made]
        made = BUILDERS[node.op_type](seen)
        for place, part in enumerate(made if isinstance(made, list) else [made]):
            given = [self._called(f"{node.name}_{place}" if place else node.name, part, given)]
        self.made[node.output[0]] = given[0]
        if node.op_type in _BEFORE_LAYERS and seen.front:
            self.front.add(node.output[0])

    def _called(self, name: str, part: Any, given: list[fx.Node]) -> fx.Node:
        if isinstance(part, nn.Module):
            self.root.add_module(name, part)
            return self.graph.call_module(name, (given[0],))
        function, *arguments = part
        parts = (tuple(given),) if function is torch.cat else tuple(given)
        return self.graph.call_function(function, (*parts, *arguments))

    def finished(self) -> FloatNetwork:
        self.graph.output(self.made[self.sink])
        module = fx.GraphModule(self.root, self.graph).eval()
        shape = self.shapes[self.source][1:]
        with torch.no_grad():
            answer = module(torch.zeros(2, *shape))
        if answer.ndim != 2 or len(answer) != 2:
            raise ModelError(f"answers with {list(answer.shape[1:])} numbers; a row of scores is taken")
        return FloatNetwork(module, shape, answer.shape[1], self.left_out)


def _without_end(nodes: list[NodeProto]) -> tuple[list[NodeProto], tuple[str, ...]]:
    """Without what stands behind the scores and does not change which is the greatest."""
    left: list[str] = []
    while len(nodes) > 1 and nodes[-1].op_type in ENDS:
        left.append(nodes.pop().op_type)
    return nodes, tuple(left)
