"""What a chip must answer, whatever link it is asked through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.context import Context
from toolchain.device.link.protocol import bench_checksum
from toolchain.errors import VerificationError
from toolchain.graph.network import IntegerNetwork
from toolchain.results.check import Check

# Not a multiple of the stored vectors, so that an error in their order shows in the checksum.
BENCH_INFERENCES = 100


def all_labels(count: int) -> Check:
    """A chip answers with labels only: so many of the test set's, all equal."""
    return Check(count, count, "labels", "test set")


@dataclass(frozen=True)
class ChipAnswers:
    """The right answers of a chip, and the comparison with those it gave.

    Attributes:
        x: inputs for `infer`, shape (vectors, inputs).
        bench: the inputs stored in the chip.
        link: what messages call the way the chip was asked.
        identity, inference, bench_run: types of the link's answers.
    """

    link: ClassVar[str]
    identity: ClassVar[type[Any]]
    inference: ClassVar[type[Any]]
    bench_run: ClassVar[type[Any]]

    context: Context
    chip: files.Chip
    network: IntegerNetwork
    x: NDArray[np.uint8]
    bench: NDArray[np.uint8]

    @cached_property
    def labels(self) -> list[int]:
        """The right class of each input."""
        return [int(label) for label in self.network.run(self.x).labels]

    @cached_property
    def bench_labels(self) -> list[int]:
        """The right class of each stored vector."""
        return [int(label) for label in self.network.run(self.bench).labels]

    @property
    def checks(self) -> dict[str, Check]:
        """What was compared once everything has been asked and nothing was wrong."""
        one_reply = Check(1, 1, "replies", "")
        every, bench = all_labels(len(self.x)), all_labels(BENCH_INFERENCES)
        return {"chip": every, "bench": bench, "identify": one_reply, "counters": one_reply}

    def check_identity(self, answer: Any) -> None:
        """Compare what the chip says it is.

        Raises:
            VerificationError: names the first difference.
        """
        known = answer if isinstance(answer, self.identity) else None
        for name, expected in self._identity():
            if getattr(known, name, None) != expected:
                raise self.differs(f"identify: {name}", expected, getattr(known, name, answer))

    def check_classes(self, answers: Sequence[Any]) -> None:
        """Compare the class of each input.

        Raises:
            VerificationError: names the first difference.
        """
        for index, (answer, expected) in enumerate(zip(answers, self.labels, strict=True)):
            got = answer.label if isinstance(answer, self.inference) else answer
            if got != expected:
                raise self.differs(f"infer: input {index}: class", expected, got)

    def check_bench(self, answer: Any) -> None:
        """Compare last class and checksum of a bench of `BENCH_INFERENCES`.

        Raises:
            VerificationError: they differ.
        """
        labels = self.bench_labels
        last = labels[(BENCH_INFERENCES - 1) % len(labels)]
        expected = (last, bench_checksum(labels, BENCH_INFERENCES))
        got = (answer.label, answer.checksum) if isinstance(answer, self.bench_run) else answer
        if got != expected:
            raise self.differs("bench: last class and checksum", expected, got)

    def differs(self, what: str, expected: object, got: object) -> VerificationError:
        """The error of a wrong answer."""
        return VerificationError(f"chip through its {self.link}: {what}: expected {expected!r}, got {got!r}")

    def _identity(self) -> Iterator[tuple[str, object]]:
        yield "model_hash", self.chip.model_hash
        yield "build_id", self.chip.build_id
        yield "classes", self.network.classes
        yield "clock_hz", files.clock_hz(self.context)
        yield "bench_vectors", len(self.bench)
