"""The dividers of a PLL: which frequencies it can make of a crystal, exactly, and how.

Every PLL here divides its input by `reference`, holds the result against its own clock divided by `feedback`, and
divides the oscillator's clock by `output`. Families differ in ranges, and in whether the feedback is taken before or
behind the last divider.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

MHZ = 1_000_000
PLL_CELLS = Path(__file__).parent / "models" / "pll_cells.v"
"""Verilog of the cells for a simulator."""


@dataclass(frozen=True)
class Range:
    """Frequencies from `low` to `high` MHz, both included."""

    low: float
    high: float

    def holds(self, hertz: Fraction | int) -> bool:
        """Whether a frequency in Hz lies in it."""
        return self.low * MHZ <= hertz <= self.high * MHZ

    @property
    def middle(self) -> float:
        """In Hz."""
        return (self.low + self.high) / 2 * MHZ


@dataclass(frozen=True)
class Pll:
    """What the PLL of a device can do. Whoever writes one says by which documents.

    Attributes:
        cell: its name in Verilog.
        inputs, compared, oscillator, outputs: the ranges of its clocks; `compared` is behind the reference divider.
        reference, feedback, output: the dividers that it can be set to.
        feedback_divided: whether the feedback is taken behind the output divider, which then changes no output.
    """

    cell: str
    inputs: Range
    compared: Range
    oscillator: Range
    outputs: Range
    reference: range
    feedback: range
    output: Sequence[int]
    feedback_divided: bool


@dataclass(frozen=True)
class Dividers:
    """A setting of a PLL: its dividers, and the clocks inside in Hz."""

    reference: int
    feedback: int
    output: int
    compared_hz: Fraction
    oscillator_hz: Fraction


def dividers(pll: Pll, crystal_hz: int, wanted_hz: int) -> Dividers | None:
    """The setting that makes exactly `wanted_hz`; None where none does.

    Of several it is the one that compares at the highest frequency, which jitters least, and of these the one whose
    oscillator runs nearest to the middle of its range.
    """
    if not (pll.inputs.holds(crystal_hz) and pll.outputs.holds(wanted_hz)):
        return None
    found = (
        Dividers(reference, int(feedback), output, compared, Fraction(wanted_hz * output))
        for reference, output, compared, step in _settings(pll, crystal_hz)
        if (feedback := wanted_hz / step).denominator == 1
        and feedback in pll.feedback
        and pll.oscillator.holds(wanted_hz * output)
    )
    return min(found, key=lambda one: (one.reference, abs(one.oscillator_hz - pll.oscillator.middle)), default=None)


def nearest(pll: Pll, crystal_hz: int, wanted_hz: int) -> int | None:
    """The frequency in whole Hz nearest to `wanted_hz` that the PLL can make; None where it takes no such crystal."""
    if not pll.inputs.holds(crystal_hz):
        return None
    every = (
        hertz for _, output, _, step in _settings(pll, crystal_hz) for hertz in _around(pll, output, step, wanted_hz)
    )
    return min(every, key=lambda hertz: (abs(hertz - wanted_hz), hertz), default=None)


def _settings(pll: Pll, crystal_hz: int) -> Iterator[tuple[int, int, Fraction, Fraction]]:
    """Reference and output divider, the frequency compared, and what one more of the feedback adds to the output."""
    for reference in pll.reference:
        compared = Fraction(crystal_hz, reference)
        if pll.compared.holds(compared):
            for output in pll.output:
                yield reference, output, compared, compared if pll.feedback_divided else compared / output


def _around(pll: Pll, output: int, step: Fraction, wanted_hz: int) -> Iterator[int]:
    """What one output divider makes in whole Hz next to the wanted frequency, or at the end of its range."""
    # Every so many settings of the feedback give a whole number.
    whole = step.denominator
    low = max(pll.outputs.low * MHZ, pll.oscillator.low * MHZ / output)
    high = min(pll.outputs.high * MHZ, pll.oscillator.high * MHZ / output)
    first = max(math.ceil(Fraction(low) / step / whole), math.ceil(pll.feedback.start / whole))
    last = min(math.floor(Fraction(high) / step / whole), (pll.feedback.stop - 1) // whole)
    if first <= last:
        below = math.floor(wanted_hz / step / whole)
        for count in (below, below + 1):
            yield int(min(max(count, first), last) * whole * step)
