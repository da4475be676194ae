"""The bus: one frame at a time, the lowest waiting identifier first, at 500 kb/s."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np

from toolchain.can.data.car.driving import Integers

_BIT_US = 2

# Start, identifier, control, CRC, acknowledge, end of frame and the gap to the next one.
_FRAME_BITS = 47


def frame_us(length: Integers) -> Integers:
    """Time on the bus of frames of so many bytes, with an average share of stuff bits."""
    data = 8 * length
    return _BIT_US * (_FRAME_BITS + data + (34 + data) // 10)


def transmit(ready: Integers, identifier: Integers, length: Integers, mailbox: Integers) -> tuple[Integers, Integers]:
    """Which frames are sent, in order, and when each has ended.

    A frame waits in its sender's mailbox; a newer frame of the same mailbox replaces it there. When
    the bus falls idle the lowest identifier that waits is sent; of equal ones, the one ready first.

    Args:
        ready: when each frame wants to be sent, microseconds, ascending, (n,).
        identifier: of each frame, (n,).
        length: data bytes of each frame, (n,).
        mailbox: a number that names the frame's mailbox, (n,).

    Returns:
        Rows of the frames sent, and the end of each in microseconds, both (sent,).
    """
    busy, at, boxes = frame_us(length).tolist(), ready.tolist(), mailbox.tolist()
    # One integer that sorts by identifier, then by row.
    keys = ((identifier << 32) | np.arange(len(ready))).tolist()
    newest: dict[int, int] = {}
    waiting: list[int] = []
    rows, ends, clock, following, count = [], [], 0, 0, len(at)
    while waiting or following < count:
        if not waiting:
            clock = max(clock, at[following])
        while following < count and at[following] <= clock:
            heappush(waiting, keys[following])
            newest[boxes[following]] = following
            following += 1
        row = heappop(waiting) & 0xFFFFFFFF
        if newest[boxes[row]] == row:
            clock += busy[row]
            rows.append(row)
            ends.append(clock)
    return np.array(rows, np.int64), np.array(ends, np.int64)
