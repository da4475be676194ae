"""How a network of several stages decides, and what that saves."""

from __future__ import annotations

from typing import Literal

from toolchain.results.model import Number, Record


class StageShare(Record):
    """One stage on the test set.

    Attributes:
        answered: inputs that it answers; `right` so many of them rightly.
        alone: its accuracy where it answers every input.
        operations: of an input that it answers, those of the stages before it included.
    """

    answered: int
    right: int
    alone: Number
    operations: int


class CurvePoint(Record):
    """Accuracy, and operations of an input on average, at thresholds; `shares` of the inputs by stage that answers."""

    thresholds: tuple[int, ...]
    accuracy: Number
    operations: Number
    shares: tuple[Number, ...] = ()


class Beside(Record):
    """A model and its recipe, whose build figures are shown beside."""

    model: str
    recipe: str


class Recurring(Record):
    """What a memory does where each input of the test set comes twice, all in random order.

    Attributes:
        answered: inputs that each stage computed; recalled: those whose answer was kept.
    """

    answered: tuple[int, ...]
    recalled: int

    @property
    def asked(self) -> int:
        """Inputs that came."""
        return sum(self.answered) + self.recalled

    @property
    def shares(self) -> tuple[float, ...]:
        """Of the inputs that came, those that each stage computed."""
        return tuple(count / max(1, self.asked) for count in self.answered)


class KeptAnswers(Record):
    """Earlier answers that are kept: how many at most, by what, and what that saves of inputs that come twice."""

    size: int
    place: Literal["driver", "chip"]
    twice: Recurring | None = None


class Decision(Record):
    """The working point of a network of several stages, or of several widths.

    Attributes:
        thresholds: the lead at which each stage but the last is confident, in units of its integer logits; of widths 0
            where the network ends, and 1 where it is wider.
        classes: logits of a stage.
        numbers: what stands behind the logits of an answer, by stage.
        chosen: whether the thresholds were chosen on the validation part; else the recipe says them.
        stages: of the test set, as are `accuracy` and `operations`, of an input on average.
        validation: the same on the validation part; `curve` over the thresholds there.
        beside: a single larger network; None where the recipe names none.
        widths: percent of the channels that each stage is, where a person chooses one; none where confidence does.
        memory: of earlier answers; None where the recipe has none.
    """

    classes: int
    thresholds: tuple[int, ...]
    numbers: tuple[int, ...]
    chosen: bool
    stages: tuple[StageShare, ...]
    accuracy: Number
    operations: Number
    validation: CurvePoint
    curve: tuple[CurvePoint, ...]
    beside: Beside | None = None
    widths: tuple[int, ...] = ()
    memory: KeptAnswers | None = None

    @property
    def width(self) -> int | None:
        """The width that was built, in percent; None where confidence decides."""
        return self.widths[self.thresholds.count(1)] if self.widths else None

    @property
    def twice(self) -> Recurring | None:
        """What the memory does where each input comes twice; None without one."""
        return self.memory.twice if self.memory else None

    @property
    def operations_twice(self) -> float:
        """Operations of an input on average, where each comes twice."""
        shares = self.twice.shares if self.twice else ()
        return sum(share * stage.operations for share, stage in zip(shares, self.stages, strict=False))

    @property
    def inputs(self) -> int:
        """Of the test set."""
        return sum(stage.answered for stage in self.stages)

    @property
    def most(self) -> int:
        """Operations where all stages run."""
        return self.stages[-1].operations
