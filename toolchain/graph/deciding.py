"""From a network that gives the scores of several stages to one that stops at the first confident stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph, Node
from toolchain.graph.ops import Chosen, Concat, Confident, Decide, Gate, Reshape, Window
from toolchain.graph.ops.staged import Flag, greatest_margin, margins
from toolchain.graph.types import Integers

ANSWER = "answer"


@dataclass(frozen=True)
class Stages:
    """The stages of a network, in the order in which they run.

    Attributes:
        scores: the node of each stage's scores.
        levels: number of the first stage that needs a node, by the node's name.
    """

    scores: tuple[str, ...]
    levels: dict[str, int]


def stages_in(graph: Graph, classes: int) -> Stages:
    """The stages of a network that ends in its stages' scores side by side.

    Raises:
        ModelError: it does not, or a stage has other classes.
    """
    scores = _scores(graph)
    if wrong := [name for name in scores if graph.types[name].shape != (classes,)]:
        raise ModelError(
            f"node {wrong[0]}: scores of shape {graph.types[wrong[0]].shape}; each stage has {classes} classes"
        )
    levels: dict[str, int] = {}
    for number, name in enumerate(scores):
        for node in _needed(graph, name):
            levels.setdefault(node, number)
    _must_grow(scores, levels)
    return Stages(scores, levels)


def deciding(graph: Graph, classes: int, thresholds: Sequence[int], widths: Sequence[int] = ()) -> Graph:
    """The network that answers with the scores of the first confident stage, and with a number that tells the stage.

    The number stands behind the scores. It counts down from one below the least of them (see `stage_numbers`), so the
    first greatest of the answer is the class. What later stages need stands behind gates.

    Args:
        thresholds: the margin at which each stage but the last is confident, in units of its integers.
        widths: percents of the channels, where the stages are widths of which a person chooses one: a threshold is
            then 0 where the network ends at the stage, and 1 where it goes on, for all inputs.

    Raises:
        ModelError: the network does not end in the scores of stages, or a threshold is none of theirs.
    """
    stages = stages_in(graph, classes)
    if len(thresholds) != len(stages.scores) - 1:
        raise ModelError(
            f"{len(thresholds)} thresholds for {len(stages.scores)} stages; each stage but the last has one"
        )
    for number, (name, margin) in enumerate(zip(stages.scores, thresholds, strict=False), 1):
        if not widths and not 0 <= margin <= (most := greatest_margin(graph.types[name])):
            raise ModelError(f"threshold {margin:,} of stage {number}: its scores lead by 0 to {most:,}")
    return _Rewriter(graph, stages, thresholds, widths).run()


def thresholds_of_width(widths: Sequence[int], width: int) -> tuple[int, ...]:
    """The thresholds by which a network of some widths, narrowest first, ends at one of them."""
    return tuple(int(narrower < width) for narrower in widths[:-1])


def stage_numbers(graph: Graph, scores: Sequence[str]) -> tuple[int, ...]:
    """The number that stands behind the scores of each stage in an answer."""
    first = min(int(graph.types[name].low.min()) for name in scores) - 1
    return tuple(first - stage for stage in range(len(scores)))


def numbers_of(graph: Graph) -> tuple[int, ...]:
    """The number of each stage, in order, of a network that decides; none of another."""
    decisions = [node.op for node in graph if isinstance(node.op, Decide)]
    numbers = {n for op in decisions for n in (op.own, op.other) if n is not None}
    return tuple(sorted(numbers, reverse=True))


def thresholds_of(graph: Graph) -> tuple[int, ...]:
    """The threshold of each stage but the last, of a network that decides; none of another."""
    flags = sorted((node.op for node in graph if isinstance(node.op, Flag)), key=lambda op: op.stage)
    return tuple(op.margin for op in flags)


def widths_of(graph: Graph) -> tuple[int, ...]:
    """Percents of the channels, narrowest first, of a network whose width a person chooses; none of another."""
    found = sorted(node.op.width for node in graph if isinstance(node.op, Chosen))
    return (*found, 100) if found else ()


def at_width(graph: Graph, width: int) -> Graph:
    """A network whose width a person chooses, as it is at one of `widths_of`."""
    return with_thresholds(graph, dict(enumerate(thresholds_of_width(widths_of(graph), width), 1)))


def with_thresholds(graph: Graph, thresholds: Mapping[int, int]) -> Graph:
    """A network that decides, with other thresholds.

    Args:
        thresholds: by the number of their stage, from 1; others stay.

    Raises:
        ModelError: a stage has none, or its scores do not lead by as much.
    """
    made, left = Graph(), set(thresholds)
    for node in graph:
        op = node.op
        if isinstance(op, Flag) and op.stage in thresholds:
            op = replace(op, margin=thresholds[op.stage])
            left.discard(op.stage)
        made.add(node.name, op, *node.inputs)
    if left:
        raise ModelError(f"threshold of stage {min(left)}: the network has none there")
    for output in graph.outputs:
        made.end(output.name, output.node, output.scale, output.offset)
    return made


def stages_chosen(
    scores: Sequence[Integers], thresholds: Sequence[int], *, by_width: bool = False
) -> NDArray[np.int64]:
    """The stage that answers each vector, shape (N,), by the scores of all stages, each (N, classes)."""
    chosen = np.full(len(scores[0]), len(scores) - 1, np.int64)
    for number in reversed(range(len(thresholds))):
        leads = 0 if by_width else margins(scores[number])
        chosen[leads >= np.full(len(chosen), thresholds[number])] = number
    return chosen


def idle_flags(graph: Graph) -> dict[str, tuple[str, ...]]:
    """For each node the flags in the order of their stages, any of which says that it need not run."""
    flags: dict[str, dict[str, None]] = {}
    for node in graph:
        # A choice runs wherever its own flag is known.
        before = node.inputs[:1] if isinstance(node.op, Decide) else node.inputs
        flags[node.name] = {flag: None for name in before for flag in flags[name]}
        if isinstance(node.op, Gate):
            flags[node.name][node.inputs[1]] = None
    return {name: tuple(found) for name, found in flags.items()}


def first_stages(graph: Graph) -> dict[str, int]:
    """Number of the first stage, from 0, for which each node has work, by name; a gate also has what it drops."""
    flags = idle_flags(graph)
    return {n.name: len(flags[n.inputs[0] if isinstance(n.op, Gate) else n.name]) for n in graph}


def carried(graph: Graph, tensors: Mapping[str, Integers], name: str) -> NDArray[np.bool_] | None:
    """The vectors, shape (N,), for which a node runs where idle parts stay idle; None for all.

    Args:
        tensors: values of all flags that `idle_flags` names, each (N, 1).
    """
    flags = idle_flags(graph)[name]
    if not flags:
        return None
    idle: NDArray[np.bool_] = np.any([tensors[flag][:, 0] == 1 for flag in flags], axis=0)
    return ~idle


def _scores(graph: Graph) -> tuple[str, ...]:
    if len(graph.outputs) != 1 or not isinstance(graph[graph.outputs[0].node].op, Concat):
        raise ModelError(
            "a network that decides ends in the scores of its stages side by side; end forward() with "
            "torch.cat([first, second, ...], 1), all of one scale"
        )
    return graph[graph.outputs[0].node].inputs


def _needed(graph: Graph, name: str) -> set[str]:
    needed = {name}
    for node in reversed(list(graph)):
        if node.name in needed:
            needed.update(node.inputs)
    return needed


def _must_grow(scores: Sequence[str], levels: dict[str, int]) -> None:
    for number, name in enumerate(scores):
        if levels[name] != number or name in scores[:number]:
            raise ModelError(
                f"stage {number + 1} needs nothing that stage {levels[name] + 1} lacks; order stages by what they need"
            )


class _Rewriter:
    def __init__(self, graph: Graph, stages: Stages, thresholds: Sequence[int], widths: Sequence[int]) -> None:
        self._graph, self._stages, self._thresholds, self._widths = graph, stages, thresholds, widths
        self._result = Graph()
        self._flags: list[str] = []
        self._behind: dict[tuple[str, int], str] = {}

    def run(self) -> Graph:
        """Stage by stage, so that each gate's flag is there before what it lets idle."""
        for level in range(len(self._stages.scores)):
            for node in self._graph:
                if self._stages.levels.get(node.name) == level:
                    self._add(node, level)
            if level < len(self._thresholds):
                self._flags.append(self._flag(level))
        self._end()
        return self._result

    def _flag(self, level: int) -> str:
        """A width is known with the input, so that gates open at once; confidence needs the scores. Both come only
        where the stage runs: a flag that nobody takes would wait for ever.
        """
        margin, number = self._thresholds[level], level + 1
        if self._widths:
            source = self._gated(self._graph.sole_input, level)
            return self._result.add(self._own(f"chosen{number}"), Chosen(margin, number, self._widths[level]), source)
        return self._result.add(self._own(f"confident{number}"), Confident(margin, number), self._stages.scores[level])

    def _add(self, node: Node, level: int) -> None:
        self._result.add(node.name, node.op, *(self._gated(name, level) for name in node.inputs))

    def _gated(self, name: str, level: int) -> str:
        """A tensor as a stage takes it: behind a gate of each stage since the one that made it."""
        made = self._stages.levels[name]
        if made >= level:
            return name
        if (name, level) not in self._behind:
            self._behind[name, level] = self._gate(self._graph[name], level)
        return self._behind[name, level]

    def _gate(self, node: Node, level: int) -> str:
        if isinstance(node.op, Window | Reshape):
            # What only moves is done again behind the gate, which then holds less.
            inputs = [self._gated(name, level) for name in node.inputs]
            return self._result.add(self._own(f"{node.name}_{level + 1}"), node.op, *inputs)
        before = node.name if self._stages.levels[node.name] == level - 1 else self._gated(node.name, level - 1)
        return self._result.add(self._own(f"{node.name}_to{level + 1}"), Gate(), before, self._flags[level - 1])

    def _end(self) -> None:
        scores, numbers = self._stages.scores, stage_numbers(self._graph, self._stages.scores)
        current, other = scores[-1], numbers[-1]
        for level in reversed(range(len(self._flags))):
            last = level == len(self._flags) - 1
            name = self._own(ANSWER if level == 0 else f"{ANSWER}{level + 1}")
            op = Decide(numbers[level], other if last else None)
            current = self._result.add(name, op, self._flags[level], scores[level], current)
        output = self._graph.outputs[0]
        self._result.end(output.name, current, output.scale, output.offset)

    def _own(self, name: str) -> str:
        """A name that no node of either graph has."""
        while name in self._graph or name in self._result:
            name += "_"
        return name
