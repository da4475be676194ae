"""What a chip must answer, whatever link it is asked through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.clocking import clock_hz
from flows.stages.context import Context
from flows.stages.rtl.reference import Reference
from toolchain.device.link.answers import Values
from toolchain.device.link.board import BenchAnswer, bench_answer, differences, wrong_answers
from toolchain.errors import VerificationError
from toolchain.results.check import Check
from toolchain.results.core import CoreDescription

# Inferences of the bench, and clocks that it may take; a slow core runs fewer, but each stored vector at least once.
_BENCH_INFERENCES = 100
_BENCH_CLOCKS = 2_000_000
_LEAST_VECTORS = 2


def vectors_asked(core: CoreDescription, most: int, affordable: int) -> int:
    """How many vectors a chip is asked.

    Args:
        most: how many packaging needs of a core that is small enough for all of them.
        affordable: how many can be simulated in the time there is. Only of a core of units packaging needs no more.
    """
    return max(_LEAST_VECTORS, min(most, affordable)) if core.strategy == "units" else most


@dataclass(frozen=True)
class Asked:
    """A chip that answered right.

    Attributes:
        checks: what was compared.
        latency_cycles: of one inference, as the chip counts them when it rests: less than between inferences where a
            core writes a window's padding before the first input.
    """

    checks: dict[str, Check]
    latency_cycles: int


@dataclass(frozen=True)
class ChipAnswers(ABC):
    """The right answers of a chip, and the comparison with those it gave.

    Attributes:
        reference: answers for the chip.
        x: inputs for `infer`, shape (vectors, inputs).
        bench: the inputs stored in the chip; where there are none, a bench plays the last of `x`.
        link: what messages call the way the chip was asked.
        identity, inference, bench_run, counted: types of the link's answers.
        trouble: counters of the link that must be 0.
    """

    link: ClassVar[str]
    identity: ClassVar[type[Any]]
    inference: ClassVar[type[Any]]
    bench_run: ClassVar[type[Any]]
    counted: ClassVar[type[Any]]
    trouble: ClassVar[tuple[str, ...]]

    context: Context
    chip: files.Chip
    reference: Reference
    x: NDArray[np.uint8]
    bench: NDArray[np.uint8]

    @cached_property
    def answers(self) -> list[Values]:
        """The right answer to each input."""
        return [tuple(row) for row in self.reference.run(self.x).tolist()]

    @cached_property
    def bench_answers(self) -> list[Values]:
        """The right answer to each vector that a bench plays."""
        if not len(self.bench):
            return self.answers[-1:]
        return [tuple(row) for row in self.reference.run(self.bench).tolist()]

    @property
    def pace(self) -> int:
        """Clocks between answers at least: those of the core, or of the answer, which leaves a byte a clock."""
        return max(self.chip.core.initiation_interval, self.chip.core.output.layout.size)

    @property
    def bench_inferences(self) -> int:
        """How many the bench runs: at least one more than there are vectors to play, so that it begins anew."""
        fitting = _BENCH_CLOCKS // self.pace
        return max(len(self.bench_answers) + 1, min(_BENCH_INFERENCES, fitting))

    def all_equal(self, count: int) -> Check:
        """So many answers of the golden vectors', all equal."""
        kind = files.vector_kind(self.context)
        return Check(count, count, "labels" if self.reference.output.classes else "outputs", kind)

    @property
    def checks(self) -> dict[str, Check]:
        """What was compared once everything has been asked and nothing was wrong."""
        one_reply = Check(1, 1, "replies", "")
        every, bench = self.all_equal(len(self.x)), self.all_equal(self.bench_inferences)
        return {"chip": every, "bench": bench, "identify": one_reply, "counters": one_reply}

    def check_identity(self, answer: Any) -> None:
        """Compare what the chip says it is.

        Raises:
            VerificationError: names the first difference.
        """
        self._must_be("identify", _of(answer, self.identity), self._identity())

    def check_answers(self, what: str, got: Sequence[Any]) -> None:
        """Compare the answer to each input, element by element.

        Args:
            what: the way in which the inputs went.
            got: whole answers; what is no answer at all is wrong.

        Raises:
            VerificationError: names the first difference: input, element, expected and got.
        """
        for wrong in wrong_answers(got, self.answers):
            where = "class" if self.reference.output.classes else f"element {wrong.element}"
            raise self.differs(f"{what}: input {wrong.vector}: {where}", wrong.expected, wrong.got)
        if len(got) != len(self.answers):
            raise self.differs(f"{what}: number of answers", len(self.answers), len(got))

    def latency(self, answers: Sequence[Any]) -> int:
        """Clock cycles that answers to `infer` took at most; those that end at one stage take as many each.

        Where the chip looks for earlier answers first, they take as many as that does besides.

        Raises:
            VerificationError: they differ; names the first that does.
        """
        taken: dict[int, int] = {}
        for index, (answer, right) in enumerate(zip(answers, self.answers, strict=True)):
            first = taken.setdefault(right[-1] if self.reference.decides else 0, answer.cycles)
            if answer.cycles != first and not self.chip.core.kept_answers:
                raise self.differs(f"infer: input {index}: cycles", first, answer.cycles)
        return max(int(answer.cycles) for answer in answers)

    def check_bench(self, answer: Any) -> None:
        """Compare last answer and checksum of a bench of `bench_inferences`.

        Raises:
            VerificationError: names the first difference.
        """
        self._must_be("bench", _of(answer, self.bench_run), self.bench_answer())

    @property
    def right_bench(self) -> BenchAnswer:
        """What a bench of `bench_inferences` must answer."""
        return bench_answer(self.reference.output.layout, self.bench_answers, self.bench_inferences)

    @abstractmethod
    def bench_answer(self) -> Mapping[str, object]:
        """`right_bench` by the link's names."""

    @abstractmethod
    def told_types(self) -> dict[str, object]:
        """What the chip must say of its input and its answer, by the link's names."""

    def check_counters(self, answer: Any, asked: int) -> None:
        """Compare the counters since configuration: so many inferences, and no trouble.

        Raises:
            VerificationError: names the first difference.
        """
        right = {"inferences": asked, **dict.fromkeys(self.trouble, 0)}
        self._must_be("counters", _of(answer, self.counted), right)

    def differs(self, what: str, expected: object, got: object) -> VerificationError:
        """The error of a wrong answer."""
        return VerificationError(f"chip through its {self.link}: {what}: expected {expected!r}, got {got!r}")

    def _must_be(self, what: str, answer: object, right: Mapping[str, object]) -> None:
        for name, expected, got in differences(answer, right):
            raise self.differs(f"{what}: {name}", expected, got)

    def _identity(self) -> dict[str, object]:
        return {
            "model_hash": self.chip.model_hash,
            "build_id": self.chip.build_id,
            "clock_hz": clock_hz(self.context),
            "bench_vectors": len(self.bench),
            **self.told_types(),
        }


def _of(answer: Any, kind: type[Any]) -> object:
    """The answer, or words for one of another kind: it may have figures of the same name."""
    return answer if isinstance(answer, kind) else repr(answer)
