"""Elementwise nodes that have come since a tensor's integers: run as the executor runs them, and what is known of them.

Values are kept as (rows, channels), channels in the order of the integer graph; so are the constants that differ
between channels. One tree of steps has one tensor of integers at its root, however often it is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto

from toolchain.errors import ModelError
from toolchain.graph.model_file import Floats
from toolchain.graph.one_node import NodeRunner

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
    """Runs steps one by one, as the qonnx executor does.

    Args:
        opsets: version of each domain's operators.
    """

    def __init__(self, opsets: Mapping[str, int]) -> None:
        self._runner = NodeRunner(opsets)

    def run(self, tree: Tree, values: Floats) -> Floats:
        """The tree's result for values of its root, each of shape (rows, channels).

        Raises:
            ModelError: a node does not run; names it.
        """
        results: dict[int, NDArray[Any]] = {}
        with np.errstate(all="ignore"):
            for step in steps_of(tree):
                arrays = [_argument(a, values, results) for a in step.arguments]
                if step.node.op_type == "Gather":
                    arrays[1] = _indices(step, arrays[1])
                # Values are rows of channels here, whatever the layout of the tensor that they come from.
                made = self._runner.run(step.node, arrays, without=["data_layout"])
                results[id(step)] = np.asarray(made[0], np.float32)
        found: Floats = results.get(id(tree), values)
        return found


def _argument(
    argument: Step | Root | Parameter | None, values: Floats, results: Mapping[int, NDArray[Any]]
) -> NDArray[Any] | None:
    if isinstance(argument, Parameter):
        return argument.values
    if isinstance(argument, Step):
        return results[id(argument)]
    return None if argument is None else values


def _indices(step: Step, values: NDArray[Any] | None) -> NDArray[np.int64]:
    """What a look-up takes, which was whole before it became floats like all values here.

    Raises:
        ModelError: it is computed with fractions, which a file would not run with.
    """
    whole: NDArray[np.int64] = np.asarray(values).astype(np.int64)
    if not np.array_equal(whole, np.asarray(values)):
        raise ModelError(f"{step.where}: looks up by fractions; put a Cast to INT64 before it")
    return whole
