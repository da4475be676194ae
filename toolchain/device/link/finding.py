"""What a check of the self-test found: words for people; figures and counts for programs, which read no words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toolchain.device.link.stages import Decided


@dataclass(frozen=True)
class WrongVector:
    """A golden vector by its number, and the first element that differs."""

    vector: int
    element: int
    answered: object
    expected: object


@dataclass
class Measured:
    """Figures of the board; of each check those that it has.

    Attributes:
        inferences_counted, inferences_asked: by the board since the self-test began, and of it.
    """

    vectors: int | None = None
    seconds_with_driver: float | None = None
    inferences: int | None = None
    seconds: float | None = None
    inferences_per_second: float | None = None
    latency_cycles: int | None = None
    initiation_interval: float | None = None
    clock_mhz: float | None = None
    inferences_counted: int | None = None
    inferences_asked: int | None = None


@dataclass
class Counts:
    """What was compared; of each check what it has.

    Attributes:
        decisions: of a network of several stages.
        memory: of earlier answers, where there was one.
    """

    compared: int | None = None
    equal: int | None = None
    differing: Sequence[WrongVector] | None = None
    checksum: str | None = None
    expected_checksum: str | None = None
    decisions: Decided | None = None
    memory: Mapping[str, int] | None = None


@dataclass
class Finding:
    """One check: what it saw and every difference; its figures and counts."""

    name: str
    summary: str = ""
    differences: list[str] = field(default_factory=list)
    measured: Measured = field(default_factory=Measured)
    counts: Counts = field(default_factory=Counts)


def said(record: object) -> Mapping[str, object]:
    """The keys of a record that it has, for `json.dumps(..., default=said)`; what is None it has not."""
    return {name: value for name, value in vars(record).items() if value is not None}
