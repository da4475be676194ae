"""Elementwise nodes that have come since a tensor's integers: run as the executor runs them, and what is known of them.

Values are kept as (rows, channels), channels in the order of the integer graph; so are the constants that differ
between channels. One tree of steps has one tensor of integers at its root, however often it is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import NodeProto, helper
from qonnx.core.execute_custom_node import execute_custom_node

from toolchain.errors import ModelError
from toolchain.graph.model_file import Floats
from toolchain.graph.opsets import IR_VERSIONS
from toolchain.graph.qonnx_nodes import GENERAL
from toolchain.graph.refusals import in_our_words

Reals = NDArray[np.float64]

MOST_STEPS = 500
"""Elementwise nodes between two quantisers; more are no network that anybody trained."""


@dataclass(frozen=True, eq=False)
class Parameter:
    """A constant of a step.

    Attributes:
        values: a scalar, or anything whose first axis counts channels where `along`.
    """

    values: NDArray[Any]
    along: bool = False

    def indexed(self, index: NDArray[np.intp]) -> Parameter:
        """The constants of channels by number."""
        return replace(self, values=self.values[index]) if self.along else self


@dataclass(frozen=True, eq=False)
class Root:
    """The integers themselves, as floats: where a tree of steps begins."""


ROOT = Root()


@dataclass(frozen=True, eq=False)
class Step:
    """An elementwise node.

    Attributes:
        node: its operator and attributes; its inputs' names say nothing here.
        arguments: what it takes; None where it leaves one out.
    """

    node: NodeProto
    arguments: tuple[Step | Root | Parameter | None, ...]

    @property
    def where(self) -> str:
        """Names the node, for messages."""
        return f"node {self.node.name or self.node.output[0]} ({self.node.op_type})"


Tree = Step | Root


def steps_of(tree: Tree) -> list[Step]:
    """All steps, each behind those that it takes.

    Raises:
        ModelError: there are more than `MOST_STEPS`.
    """
    found: dict[int, Step] = {}
    pending: list[tuple[Tree, bool]] = [(tree, False)]
    while pending:
        current, done = pending.pop()
        if not isinstance(current, Step) or id(current) in found:
            continue
        if done:
            found[id(current)] = current
        else:
            pending.append((current, True))
            pending += [(a, False) for a in current.arguments if isinstance(a, Step)]
        if len(found) > MOST_STEPS:
            raise ModelError(f"{current.where}: more than {MOST_STEPS} elementwise nodes without a quantiser; add one")
    return list(found.values())


def indexed(tree: Tree, index: NDArray[np.intp]) -> Tree:
    """The same steps for channels by number: moved, repeated or left out."""
    made: dict[int, Tree] = {}
    for step in steps_of(tree):
        arguments = tuple(
            a.indexed(index) if isinstance(a, Parameter) else made.get(id(a), a) if isinstance(a, Step) else a
            for a in step.arguments
        )
        made[id(step)] = replace(step, arguments=arguments)
    return made.get(id(tree), tree)


def parameters_of(tree: Tree) -> Iterator[Parameter]:
    """All constants of a tree."""
    for step in steps_of(tree):
        yield from (a for a in step.arguments if isinstance(a, Parameter))


def grafted(tree: Tree, root: Tree) -> Tree:
    """The same steps with another tree in the place of their root."""
    made: dict[int, Tree] = {}
    for step in steps_of(tree):
        arguments = tuple(
            root if isinstance(a, Root) else made.get(id(a), a) if isinstance(a, Step) else a for a in step.arguments
        )
        made[id(step)] = replace(step, arguments=arguments)
    return root if isinstance(tree, Root) else made[id(tree)]


class Executor:
    """Runs steps one by one, as the qonnx executor does: ONNX Runtime for ONNX's operators, qonnx for its own.

    Args:
        opsets: version of each domain's operators.
    """

    def __init__(self, opsets: Mapping[str, int]) -> None:
        self._opsets = dict(opsets)
        self._sessions: dict[tuple[bytes, tuple[str, ...]], ort.InferenceSession] = {}

    def run(self, tree: Tree, values: Floats) -> Floats:
        """The tree's result for values of its root, each of shape (rows, channels).

        Raises:
            ModelError: a node does not run; names it.
        """
        with np.errstate(all="ignore"):
            return self._whole(tree, values)

    def _whole(self, tree: Tree, values: Floats) -> Floats:
        results: dict[int, NDArray[Any]] = {}
        for step in steps_of(tree):
            arrays = [_argument(a, values, results) for a in step.arguments]
            results[id(step)] = self._one(step, arrays)
        found: Floats = results.get(id(tree), values)
        return found

    def _one(self, step: Step, arrays: list[NDArray[Any] | None]) -> NDArray[Any]:
        try:
            result = self._custom(step, arrays) if step.node.domain else self._standard(step, arrays)
        except Exception as error:  # qonnx raises plain Exception, ONNX Runtime classes of its own.
            raise ModelError(f"{step.where}: does not run: {in_our_words(error)}") from error
        return np.asarray(result, np.float32)

    def _custom(self, step: Step, arrays: list[NDArray[Any] | None]) -> NDArray[Any]:
        node = _bare(step.node, ["data_layout"])
        context: dict[str, Any] = dict(zip(node.input, arrays, strict=True))
        context[node.output[0]] = np.zeros(1, np.float32)
        execute_custom_node(node, context, onnx.GraphProto(), self._opsets.get(GENERAL, 1))
        result: NDArray[Any] = context[node.output[0]]
        return result

    def _standard(self, step: Step, arrays: list[NDArray[Any] | None]) -> NDArray[Any]:
        given = [a for a in arrays if a is not None]
        kinds = tuple("" if a is None else f"{a.dtype}{a.ndim}" for a in arrays)
        key = (step.node.SerializeToString(), kinds)
        if key not in self._sessions:
            self._sessions[key] = _session(step.node, arrays, self._opsets.get("", 13))
        names = [i.name for i in self._sessions[key].get_inputs()]
        result: NDArray[Any] = self._sessions[key].run(None, dict(zip(names, given, strict=True)))[0]
        return result


def _argument(
    argument: Step | Root | Parameter | None, values: Floats, results: Mapping[int, NDArray[Any]]
) -> NDArray[Any] | None:
    if isinstance(argument, Parameter):
        return argument.values
    if isinstance(argument, Step):
        return results[id(argument)]
    return None if argument is None else values


def _bare(node: NodeProto, without: list[str]) -> NodeProto:
    """A copy with names of its own for inputs and outputs, and without some attributes."""
    copy = NodeProto()
    copy.CopyFrom(node)
    kept = [a for a in node.attribute if a.name not in without]
    del copy.attribute[:], copy.input[:], copy.output[:]
    copy.attribute.extend(kept)
    copy.input.extend(f"i{place}" if name else "" for place, name in enumerate(node.input))
    copy.output.append("o")
    return copy


def _session(node: NodeProto, arrays: list[NDArray[Any] | None], opset: int) -> ort.InferenceSession:
    inner = _bare(node, [])
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(a.dtype), [None] * a.ndim)
        for name, a in zip(inner.input, arrays, strict=True)
        if a is not None
    ]
    output = onnx.ValueInfoProto(name="o")
    graph = helper.make_graph([inner], "step", inputs, [output])
    version = IR_VERSIONS.get(opset, max(IR_VERSIONS.values()) if opset > max(IR_VERSIONS) else 7)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=version)
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


Codes = Callable[[NDArray[Any]], NDArray[Any]]
