"""Where a network of several stages stopped, as a board's answers tell: the last element is the number of the stage.

Standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolchain.device.link.answers import Values
from toolchain.device.packed import PackedManifest


@dataclass(frozen=True)
class Decided:
    """Inputs by the stage that answered them, beside the reference's.

    Attributes:
        answered: inputs that each stage answered, on the board.
        compared, equal: inputs that were held against the reference, and those of which the stage is the same.
    """

    answered: Sequence[int]
    compared: int
    equal: int

    @property
    def told(self) -> str:
        """For people."""
        answered = f"stages answer {', '.join(f'{count:,}' for count in self.answered)}"
        return answered + (f", as the reference {self.equal:,} of {self.compared:,}" if self.compared else "")


def stages_of(manifest: PackedManifest) -> Sequence[int]:
    """The number of each stage of a package's network; none where it has one."""
    return (manifest.get("decision") or {}).get("numbers") or ()


def decided(answers: Sequence[Values], right: Sequence[Values], stages: Sequence[int]) -> Decided:
    """Count and compare the stages of answers, input by input.

    Args:
        right: as many, of the reference; none where it has not answered the same inputs.
        stages: their numbers.
    """
    return decided_in_bench(answers, right, stages, len(answers))


def decided_in_bench(
    answers: Sequence[Values], right: Sequence[Values], stages: Sequence[int], inferences: int
) -> Decided:
    """The same of a bench, which plays its vectors in turn: each stops where it stopped when it was asked for alone.

    Args:
        answers: of the board to each vector that the bench plays, one or more.
    """
    rounds, rest = divmod(inferences, max(1, len(answers)))
    plays = [(values[-1], rounds + (index < rest)) for index, values in enumerate(answers)]
    answered = tuple(sum(times for said, times in plays if said == number) for number in stages)
    pairs = zip(plays, right)  # noqa: B905 (Python 3.8)
    equal = sum(times for (said, times), values in pairs if said == values[-1])
    return Decided(answered, inferences if right else 0, equal)
