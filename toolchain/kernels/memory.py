"""Where each tensor lies in one piece of memory: those that are never needed together may share a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ALIGNMENT = 16


@dataclass(frozen=True)
class Buffer:
    """Memory that is needed for some time.

    Attributes:
        size: bytes.
        first, last: steps that it is needed in, both included.
    """

    name: str
    size: int
    first: int
    last: int


@dataclass(frozen=True)
class MemoryPlan:
    """Places of buffers.

    Attributes:
        offsets: bytes from the start, by names, each a multiple of 16.
        size: bytes of all, the peak; never 0.
        largest: the buffers of the step that needs most at a time, largest first.
    """

    offsets: Mapping[str, int]
    size: int
    largest: tuple[Buffer, ...]


def planned(buffers: Sequence[Buffer]) -> MemoryPlan:
    """Places for buffers, the largest first, each as low as those that it meets leave.

    After Y. Pisarchyk and J. Lee, "Efficient Memory Management for Deep Neural Net Inference", arXiv 2001.03288,
    "greedy by size".
    """
    placed: list[tuple[int, Buffer]] = []
    for buffer in sorted(buffers, key=lambda it: (-it.size, it.first, it.name)):
        placed.append((_lowest(buffer, placed), buffer))
    size = max((offset + _rounded(buffer.size) for offset, buffer in placed), default=_ALIGNMENT)
    return MemoryPlan({buffer.name: offset for offset, buffer in placed}, size, _busiest(buffers))


def _lowest(buffer: Buffer, placed: Sequence[tuple[int, Buffer]]) -> int:
    """The least offset at which nothing lies that is needed at the same time."""
    offset = 0
    for start, other in sorted(placed, key=lambda pair: pair[0]):
        if other.last < buffer.first or buffer.last < other.first:
            continue
        if offset + buffer.size <= start:
            break
        offset = max(offset, start + _rounded(other.size))
    return offset


def _rounded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _busiest(buffers: Sequence[Buffer]) -> tuple[Buffer, ...]:
    last = max((buffer.last for buffer in buffers), default=0)
    at = [[b for b in buffers if b.first <= step <= b.last] for step in range(last + 1)]
    most = max(at, key=lambda some: sum(b.size for b in some), default=[])
    return tuple(sorted(most, key=lambda b: -b.size))
