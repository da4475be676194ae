"""Training under a budget of LUTs: a LUT grows dearer round by round until what is exported costs little enough.

The budget is checked with the estimate of the exported network itself; the differentiable cost only leads there.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from toolchain.errors import BudgetError
from toolchain.results.facts.network import FrontPoint
from toolchain.training.inputs import Signature
from toolchain.training.lut_cost import costed_layers
from toolchain.training.recipe import BudgetSettings

Estimate = Callable[[nn.Module], int]
"""LUT positions of the unrolled core of a merged network."""

Front = tuple[FrontPoint, ...]


@dataclass(frozen=True)
class Trained:
    """What a training ends in.

    Attributes:
        network: merged and fine-tuned, to be exported.
        front: accuracy against LUTs, smallest first; empty without a budget.
    """

    network: nn.Module
    front: Front = ()


@dataclass(frozen=True)
class Work:
    """What is done to a network under a budget.

    Attributes:
        merge: a copy without separate normalisation.
        train: go on for a round, at a weight of a LUT position.
        tune: fine-tune a merged network without that term; no weight that is zero becomes another.
        quality: macro-F1 of a network on the validation part.
        estimate: what a merged network costs.
    """

    merge: Callable[[Any], nn.Module]
    train: Callable[[nn.Module, float], None]
    tune: Callable[[nn.Module], None]
    quality: Callable[[nn.Module], float]
    estimate: Estimate

    def look(self, merged: nn.Module) -> FrontPoint:
        """What a merged network is worth."""
        return FrontPoint(lut=self.estimate(merged), macro_f1=self.quality(merged))


def within_budget(network: nn.Module, budget: BudgetSettings, weight: float, work: Work) -> Trained:
    """Train on, at a growing cost of a LUT, until the merged and fine-tuned network is within the budget.

    Args:
        network: trained, with its normalisation.
        weight: of a LUT position in the first round.

    Raises:
        BudgetError: no round came to as few LUTs, or not with the F1 asked for; tells the best and the front.
    """
    seen = []
    for last in [*[False] * budget.rounds, True]:
        merged = work.merge(copy.deepcopy(network))
        seen.append(work.look(merged))
        if seen[-1].lut <= budget.lut:
            work.tune(merged)
            seen.append(work.look(merged))
            if seen[-1].lut <= budget.lut:
                return Trained(merged, _kept(seen, budget))
        if not last:
            work.train(network, weight)
            weight *= budget.growth
    raise _missed(seen, budget)


def _kept(seen: list[FrontPoint], budget: BudgetSettings) -> Front:
    """The front with the network that was looked at last.

    Raises:
        BudgetError: its F1 is too low.
    """
    if seen[-1].macro_f1 < budget.macro_f1:
        raise _missed(seen, budget)
    last = seen[-1].model_copy(update={"kept": True})
    return tuple(sorted([*front_of(seen[:-1]), last], key=lambda point: (point.lut, point.macro_f1)))


def front_of(points: Iterable[FrontPoint]) -> Front:
    """The points that no other one betters in one figure without being worse in the other, smallest first."""
    front: list[FrontPoint] = []
    for point in sorted(points, key=lambda point: (point.lut, -point.macro_f1)):
        if not front or point.macro_f1 > front[-1].macro_f1:
            front.append(point)
    return tuple(front)


def _missed(seen: list[FrontPoint], budget: BudgetSettings) -> BudgetError:
    front = front_of(seen)
    small = [point for point in front if point.lut <= budget.lut]
    best = small[-1] if small else front[0]
    asked = f", with a macro-F1 of {budget.macro_f1:g}" if budget.macro_f1 else ""
    return BudgetError(
        f"budget: lut: {budget.lut:,}{asked}: not reached; the best was {_told(best)}; the front (LUT positions "
        f"estimated, macro-F1 on validation): {'; '.join(map(_told, front))}. {_mend(front, bool(small), budget)}"
    )


def _mend(front: Front, small: bool, budget: BudgetSettings) -> str:
    """What would do: a budget that this training reaches, or another training.

    Args:
        small: whether a network was within the budget, so that only its F1 was too low.
    """
    enough = next((point for point in front if point.macro_f1 >= budget.macro_f1), None)
    raised = f"Raise budget.lut to {enough.lut:,}, which was reached" if enough else "Raise budget.lut"
    if not small:
        more = "give more budget.rounds or a greater budget.growth"
    else:
        lowered = math.floor(1e4 * max(point.macro_f1 for point in front if point.lut <= budget.lut)) / 1e4
        # Rounds end with the first network that is small enough.
        gently = "let LUTs grow dearer more gently (budget.growth, budget.steps)"
        more = f"lower budget.macro_f1 to {lowered:.4f}, {gently}"
    return f"{raised}, {more}, or change network"


def _told(point: FrontPoint) -> str:
    return f"{point.lut:,} LUT at {point.macro_f1:.4f}"


def zeros_kept(network: nn.Module, signature: Signature) -> Callable[[], None]:
    """What sets those weights of a network to zero again that are exported as zero now."""
    layers = [(each.layer.weight, each.whole != 0) for each in costed_layers(network, signature)]

    def again() -> None:
        with torch.no_grad():
            for weight, kept in layers:
                weight.mul_(kept)

    return again
