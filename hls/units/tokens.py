"""Token behaviour: which beats a unit takes and yields, clock by clock, without their values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Take:
    """An input whose beats an operation takes straight from the FIFO before it.

    Attributes:
        at: for each operation whether it takes a beat, shape (operations,).
    """

    at: Flags


@dataclass(frozen=True)
class Hold:
    """An input whose beats are written into a memory of the unit, by a writer of its own, and read from there.

    The writer writes one word a clock while fewer than `capacity` words are held; a written word may be read by an
    operation of the clock after.

    Attributes:
        capacity: words held at most.
        takes: for each word written whether it is a beat of the input; the others are padding, shape (words,).
        needs: for each operation the words that must have been written before it, counted from the inference's first.
        frees: for each operation the words that are held no more once it has been issued, counted likewise; the last
            one is the number of words.
        one_port: whether no operation is issued in a clock in which a word is written.
    """

    capacity: int
    takes: Flags
    needs: Counts
    frees: Counts
    one_port: bool = False

    @property
    def cycles(self) -> int:
        """Clocks of one inference at least: a word written a clock, and where there is one port, one read a clock."""
        return len(self.takes) + (len(self.needs) if self.one_port else 0)


@dataclass(frozen=True)
class Tokens:
    """One inference as a row of operations. One is issued a clock, in order, as soon as it can be.

    An operation is issued when each `Take` that takes has a beat, each `Hold` has written what is needed, and, if it
    yields, every output's FIFO has a place, which it then reserves.

    Attributes:
        inputs: in the order of the unit's inputs.
        yields: for each operation whether it pushes one beat to every output, shape (operations,).
        latency: clocks from an operation's issue to the push, 0 for the same clock.
    """

    inputs: tuple[Take | Hold, ...]
    yields: Flags
    latency: int

    @property
    def operations(self) -> int:
        """Operations of one inference."""
        return len(self.yields)

    @property
    def cycles(self) -> int:
        """Clocks between inferences at least: an operation a clock, and a word of each `Hold` written a clock."""
        return max(self.operations, *(held.cycles for held in self.inputs if isinstance(held, Hold)), 0)


def every(operations: int) -> Flags:
    """All operations."""
    return np.ones(operations, np.bool_)


def last_of(groups: int, size: int) -> Flags:
    """The last operation of each of so many groups of `size`."""
    return np.tile(np.arange(size) == size - 1, groups)


def first_of(groups: int, size: int) -> Flags:
    """The first operation of each of so many groups of `size`."""
    return np.tile(np.arange(size) == 0, groups)
