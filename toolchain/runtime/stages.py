"""Where a network of several stages stops: thresholds by the validation part, and what they save and cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from toolchain.device.link.remembering import Memory
from toolchain.errors import ModelError
from toolchain.graph.deciding import Stages, stage_numbers, stages_chosen, stages_in, thresholds_of_width
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.graph import Graph
from toolchain.graph.ops.staged import margins
from toolchain.graph.types import Integers
from toolchain.results.facts.decision import CurvePoint, Decision, Recurring, StageShare

_ORDER = 1
"""Seed of the order in which inputs come twice."""

POINTS = 100
"""Points of the curve, beside its end: the shares of inputs that each stage sends on."""


@dataclass(frozen=True)
class StagedNetwork:
    """A network that ends in the scores of its stages, before anything is decided.

    Attributes:
        widths: percents of the channels, where a person chooses a stage; none where confidence does.

    Raises:
        ModelError: it has another number of widths.
    """

    graph: Graph
    stages: Stages
    classes: int
    widths: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.widths and len(self.widths) != (count := len(self.stages.scores)):
            raise ModelError(f"network.widths: {len(self.widths)}, but forward() gives the logits of {count}")

    @staticmethod
    def of(graph: Graph, classes: int, widths: tuple[int, ...] = ()) -> StagedNetwork:
        """Of a graph that ends in the scores of its stages.

        Raises:
            ModelError: it does not.
        """
        return StagedNetwork(graph, stages_in(graph, classes), classes, widths)

    @property
    def operations(self) -> tuple[int, ...]:
        """Operations of each stage alone; see `toolchain.graph.ops.base.Op.operations`."""
        counts = [0] * len(self.stages.scores)
        for node in self.graph:
            if (level := self.stages.levels.get(node.name)) is not None:
                counts[level] += node.op.operations(*self.graph.types_into(node))
        return tuple(counts)

    def scores(self, logits: NDArray[np.floating]) -> list[Integers]:
        """The integers of each stage's logits, (N, stages * classes): each (N, classes).

        Raises:
            ModelError: a logit is no whole multiple of the scale.
        """
        end = self.graph.outputs[0]
        exact = (logits.astype(np.float64) - end.offset) / end.scale
        whole = np.rint(exact).astype(np.int64)
        if (whole != exact).any():
            raise ModelError(f"output {end.name}: logits that are no whole multiples of {end.scale:g}")
        return [whole[:, at : at + self.classes] for at in range(0, whole.shape[1], self.classes)]

    def twice(self, golden: Golden, thresholds: Sequence[int], places: int) -> Recurring:
        """What a memory of so many answers does where each golden vector comes twice, all in random order."""
        chosen = stages_chosen(self.scores(golden.logits), thresholds)
        order = np.random.default_rng(_ORDER).permutation(np.repeat(np.arange(len(chosen)), 2))
        kept, answered = Memory(places), [0] * len(self.stages.scores)
        for index in order.tolist():
            came = kept.uses.recalled
            kept.answers([golden.x[index].tobytes()], lambda vectors: [()])
            answered[chosen[index]] += kept.uses.recalled == came
        return Recurring(answered=tuple(answered), recalled=kept.uses.recalled)

    def golden(self, golden: Golden, thresholds: Sequence[int]) -> Golden:
        """Golden vectors with the answers of the network that decides: scores of the chosen stage, and its number."""
        scores, end = self.scores(golden.logits), self.graph.outputs[0]
        chosen = stages_chosen(scores, thresholds, by_width=bool(self.widths))
        numbers = np.array(stage_numbers(self.graph, self.stages.scores))
        rows = np.stack(scores)[chosen, np.arange(len(chosen))]
        answers = np.column_stack([rows, numbers[chosen]])
        return Golden(golden.x, (answers * end.scale + end.offset).astype(np.float32), golden.truth)


def decided(
    network: StagedNetwork, validation: Golden, test: Golden, thresholds: Sequence[int] | None, within: float
) -> Decision:
    """The working point, and what it means.

    Args:
        thresholds: as a recipe says them; chosen where it says none.
        within: points of accuracy on the validation part that the choice may cost.

    Raises:
        ModelError: as many thresholds as stages but one are expected.
    """
    seen, asked = _Scored.of(network, validation), _Scored.of(network, test)
    curve = _curve(seen)
    point = _cheapest(curve, within) if thresholds is None else seen.point(thresholds)
    return _decision(network, asked.shares(point.thresholds), point, curve, chosen=thresholds is None)


def at_width(network: StagedNetwork, validation: Golden, test: Golden, start: int) -> Decision:
    """What each width of a network means, and the one that it starts with; one point of the curve is a width.

    Args:
        start: one of the network's widths.
    """
    widths = network.widths
    seen, asked = _Scored.of(network, validation), _Scored.of(network, test)
    curve = tuple(seen.point(thresholds_of_width(widths, width)) for width in widths)
    point = curve[widths.index(start)]
    made = _decision(network, asked.shares(point.thresholds), point, curve, chosen=False)
    return made.model_copy(update={"widths": widths})


def _decision(
    network: StagedNetwork,
    shares: tuple[StageShare, ...],
    point: CurvePoint,
    curve: tuple[CurvePoint, ...],
    *,
    chosen: bool,
) -> Decision:
    return Decision(
        classes=network.classes,
        thresholds=point.thresholds,
        numbers=stage_numbers(network.graph, network.stages.scores),
        chosen=chosen,
        stages=shares,
        accuracy=_accuracy(shares),
        operations=_expected(shares),
        validation=point,
        curve=curve,
    )


@dataclass(frozen=True)
class _Scored:
    """What each stage says of the same vectors.

    Attributes:
        scores: of each stage, (N, classes); right: which rows' first greatest is the true class, (N,).
        operations: of an input that a stage answers, those of the stages before it included.
        by_width: whether a person chooses the stage.
    """

    scores: Sequence[Integers]
    right: Sequence[NDArray[np.bool_]]
    operations: Sequence[int]
    by_width: bool

    @staticmethod
    def of(network: StagedNetwork, golden: Golden) -> _Scored:
        """By the golden logits of all stages."""
        scores = network.scores(golden.logits)
        right = [own.argmax(axis=1) == golden.truth for own in scores]
        return _Scored(scores, right, list(accumulate(network.operations)), bool(network.widths))

    def shares(self, thresholds: Sequence[int]) -> tuple[StageShare, ...]:
        """What each stage answers.

        Raises:
            ModelError: as many thresholds as stages but one are expected.
        """
        stages = len(self.scores)
        if len(thresholds) != stages - 1:
            raise ModelError(f"decision.thresholds: {len(thresholds)} for {stages} stages; all but the last have one")
        chosen = stages_chosen(self.scores, thresholds, by_width=self.by_width)
        return tuple(
            StageShare(
                answered=int((chosen == number).sum()),
                right=int(right[chosen == number].sum()),
                alone=float(right.mean()),
                operations=operations,
            )
            for number, (right, operations) in enumerate(zip(self.right, self.operations, strict=True))
        )

    def point(self, thresholds: Sequence[int]) -> CurvePoint:
        """Accuracy and operations at thresholds."""
        stages, inputs = self.shares(thresholds), max(1, len(self.scores[0]))
        return CurvePoint(
            thresholds=tuple(thresholds),
            accuracy=_accuracy(stages),
            operations=_expected(stages),
            shares=tuple(stage.answered / inputs for stage in stages),
        )


def _curve(seen: _Scored) -> tuple[CurvePoint, ...]:
    """From every input answered by the first stage to all stages for every input."""
    leads = [np.sort(margins(scores)) for scores in seen.scores[:-1]]
    points: dict[tuple[int, ...], CurvePoint] = {}
    for share in range(POINTS + 1):
        thresholds = tuple(int(lead[min(share * len(lead) // POINTS, len(lead) - 1)]) for lead in leads)
        if share == POINTS:
            thresholds = tuple(int(lead[-1]) + 1 for lead in leads)
        points.setdefault(thresholds, seen.point(thresholds))
    return tuple(points.values())


def _cheapest(curve: Sequence[CurvePoint], within: float) -> CurvePoint:
    """The point of fewest operations that is hardly less right than all stages for every input."""
    least = curve[-1].accuracy - within / 100
    return min((p for p in curve if p.accuracy >= least), key=lambda p: p.operations)


def _accuracy(shares: Sequence[StageShare]) -> float:
    return sum(share.right for share in shares) / max(1, sum(share.answered for share in shares))


def _expected(shares: Sequence[StageShare]) -> float:
    """Operations of an input on average."""
    return sum(share.operations * share.answered for share in shares) / max(1, sum(share.answered for share in shares))
