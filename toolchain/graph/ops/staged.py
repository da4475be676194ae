"""What lets a network stop early: flags of its stages, gates before what may stay idle, and the answer that counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from typing_extensions import override

from toolchain.errors import ModelError
from toolchain.graph.ops.base import Op
from toolchain.graph.types import Integers, TensorType


@dataclass(frozen=True)
class Flag(Op):
    """Whether a stage is the last that need run: one channel, 0 or 1.

    Attributes:
        margin: the stage's threshold.
        stage: number of the stage, from 1, by which a person calls its threshold.
    """

    margin: int
    stage: int = 1


@dataclass(frozen=True)
class Chosen(Flag):
    """Of a network with a width that is chosen: whether it ends at this stage, whatever the tensor holds.

    The margin is 0 where it does and 1 where it does not: an absent lead, 0, is compared with it.

    Attributes:
        width: percent of the channels that the network has up to this stage.
    """

    width: int = 100

    @override
    def result(self, *types: TensorType) -> TensorType:
        if self.margin not in (0, 1):
            raise ModelError(f"a margin of {self.margin:,}; 0 for a width that ends here, 1 for a wider one")
        return TensorType((1,), 0, 1)

    @override
    def run(self, *values: Integers) -> Integers:
        return np.full((len(values[0]), 1), self.margin == 0, np.int8)


@dataclass(frozen=True)
class Confident(Flag):
    """Whether the greatest score leads the second greatest by `margin` or more."""

    @override
    def result(self, *types: TensorType) -> TensorType:
        (x,) = types
        if len(x.shape) != 1 or x.channels < 2:
            raise ModelError(f"scores of shape {x.shape}; one row of 2 or more is expected")
        if not 0 <= self.margin <= (most := greatest_margin(x)):
            raise ModelError(f"a margin of {self.margin:,}; these scores lead by 0 to {most:,}")
        return TensorType((1,), 0, 1)

    @override
    def run(self, *values: Integers) -> Integers:
        (x,) = values
        return (margins(x) >= self.margin)[:, None].astype(np.int8)

    @override
    def operations(self, *types: TensorType) -> int:
        return 2 * types[0].size


@dataclass(frozen=True)
class Gate(Op):
    """A tensor, and whether an earlier answer is confident: where it is, what takes the tensor may stay idle.

    The tensor itself passes unchanged, so that what is computed behind it anyway is right.
    """

    arity = 2

    @override
    def result(self, *types: TensorType) -> TensorType:
        x, confident = types
        _must_be_flag(confident)
        return x

    @override
    def run(self, *values: Integers) -> Integers:
        return values[0]


@dataclass(frozen=True)
class Decide(Op):
    """Takes whether scores are confident, the scores, and the answer of later stages; an answer is scores and a number.

    Attributes:
        own: the number behind these scores where they are the answer.
        other: the number behind the other scores where they have none yet, which are then those of the last stage;
            None where they have one.
    """

    own: int
    other: int | None = None

    arity = 3

    @override
    def result(self, *types: TensorType) -> TensorType:
        confident, scores, later = types
        _must_be_flag(confident)
        wanted = (scores.channels + (self.other is None),)
        if len(scores.shape) != 1 or later.shape != wanted:
            raise ModelError(f"scores of shape {scores.shape} beside {later.shape}; {wanted} is expected")
        low, high = (np.append(getattr(scores, end), self.own) for end in ("low", "high"))
        other_low, other_high = (self._numbered(getattr(later, end)) for end in ("low", "high"))
        return TensorType(low.shape, np.minimum(low, other_low), np.maximum(high, other_high))

    @override
    def run(self, *values: Integers) -> Integers:
        confident, scores, later = (value.astype(np.int64) for value in values)
        own = np.concatenate([scores, np.full((len(scores), 1), self.own)], axis=1)
        return np.where(confident == 1, own, self._numbered(later))

    def _numbered(self, values: Integers) -> Integers:
        """The last axis with the number of the last stage, where it has none yet."""
        if self.other is None:
            return values
        return np.concatenate([values, np.full((*values.shape[:-1], 1), self.other)], axis=-1)


def margins(scores: Integers) -> Integers:
    """How far the greatest score leads the second greatest, of scores (N, classes): shape (N,), int64."""
    two = np.partition(scores.astype(np.int64), -2, axis=-1)[:, -2:]
    lead: Integers = two[:, 1] - two[:, 0]
    return lead


def greatest_margin(scores: TensorType) -> int:
    """The greatest lead that the bounds of scores allow."""
    return int(max(0, scores.high.max() - np.sort(scores.low)[:2].max()))


def _must_be_flag(confident: TensorType) -> None:
    if confident.shape != (1,) or confident.low[0] < 0 or confident.high[0] > 1:
        raise ModelError(f"{confident} is no flag of whether scores are confident")
