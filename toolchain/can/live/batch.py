"""What a source of frames hands on: some consecutive frames, and what happened before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from toolchain.can.data.frames import Frames, from_frames

EMPTY = from_frames(())


@dataclass(frozen=True)
class Origin:
    """Where frames come from, as alerts tell it.

    Attributes:
        bus: its name; None where none is told.
        capture: which one of several; None where there is one, or a live bus.
    """

    bus: str | None = None
    capture: str | None = None


NOWHERE = Origin()


@dataclass(frozen=True)
class Batch:
    """Frames in their order on the bus.

    Attributes:
        frames: none where time passes and the bus is silent.
        labelled: whether the frames' labels are known; they are all 0 where not.
        fresh: whether the frames just before these are missing, or of another capture: windows begin anew.
        lost: frames lost just before these, and never judged.
        idle: seconds since the bus's last frame, where there are none.
        lag: seconds for which the first of the frames has waited to be judged.
        waiting: frames that wait behind these.
        origin: where they come from.
    """

    frames: Frames
    labelled: bool = False
    fresh: bool = False
    lost: int = 0
    idle: float = 0.0
    lag: float = 0.0
    waiting: int = 0
    origin: Origin = NOWHERE


class Source(Protocol):
    """Where frames come from.

    Attributes:
        name: the capture or channel, for people.
        notices: what a person should know about it; grows while it is read.
        hashes: SHA-256 of its files; empty for a bus.
        doing: what it does before its first frames, for people.
    """

    name: str
    hashes: frozenset[str]
    notices: list[str]
    doing: str

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches of `size` frames at most, until there are no more.

        Raises:
            GateweaveError: the source cannot be read.
        """

    def close(self) -> None:
        """Give back what was opened."""


def limited(batches: Iterable[Batch], frames: int | None) -> Iterator[Batch]:
    """The batches with `frames` frames at most in all; None is no limit."""
    left = frames
    for batch in batches:
        if left is None or len(batch.frames) < left:
            yield batch
            left = None if left is None else left - len(batch.frames)
            continue
        yield replace(batch, frames=batch.frames.slice(0, left))
        return
