"""Frames of a live bus through python-can. A thread of its own empties the system's small buffer."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import can
import numpy as np
from can.interfaces import VALID_INTERFACES

from toolchain.can.data.frames import PAYLOAD_BYTES, Frames, one_capture
from toolchain.can.data.readers.skipped import Kind, Skipped
from toolchain.can.data.windows import confused
from toolchain.can.live.batch import EMPTY, Batch, Origin
from toolchain.errors import ToolError

# Eleven seconds of a full bus at 1 Mb/s.
QUEUE_FRAMES = 100_000

# Identifiers that are remembered, to tell at the end which are one to the network.
_SEEN = 1 << 16

_RECEIVE_SECONDS = 0.2
_SILENCE_SECONDS = 0.25
_RECEIVE_BUFFER = 8 << 20

# Linux: getsockopt(SO_MEMINFO) gives nine 32-bit counters, the last one being what the socket dropped.
_SO_MEMINFO, _MEMINFO = 55, struct.Struct("9I")

# Time, identifier, data, time of arrival (monotonic).
_Row = tuple[float, int, bytes, float]


class BusSource:
    """A channel that frames come from until it is closed.

    Args:
        channel: a SocketCAN interface such as `can0`, or `interface:channel` as python-can names them.
        queue: frames that may wait; where more come, those that wait are given up, counted, and said to be lost.

    Raises:
        ToolError: the channel cannot be opened.
    """

    hashes: frozenset[str] = frozenset()
    doing = "waiting for frames"

    def __init__(self, channel: str, queue: int = QUEUE_FRAMES) -> None:
        self.name, self.notices = channel, []  # type: tuple[str, list[str]]
        self._queue = queue
        self._bus = _open(channel)
        self._widen()
        self._rows: list[_Row] = []
        self._lost = self._dropped = 0
        self._skipped, self._seen = Skipped(), set[int]()
        self._error: str | None = None
        self._ready, self._stop = threading.Condition(), threading.Event()
        self._thread = threading.Thread(target=self._receive, name="can receiver", daemon=True)
        self._thread.start()

    def batches(self, size: int) -> Iterator[Batch]:
        """Batches of `size` frames at most, and an empty one now and then while the bus is silent.

        Raises:
            ToolError: the channel fails.
        """
        heard, origin = time.monotonic(), Origin(bus=self.name)
        while True:
            rows, lost, waiting = self._take(size)
            now = time.monotonic()
            if rows:
                heard = now
                lag = now - rows[0][3]
                yield Batch(_frames(rows), False, bool(lost), lost, lag=lag, waiting=waiting, origin=origin)
            elif self._error:
                raise ToolError(f"channel {self.name}: {self._error}")
            elif self._stop.is_set():
                return
            else:
                yield Batch(EMPTY, fresh=bool(lost), lost=lost, idle=now - heard, origin=origin)

    def close(self) -> None:
        """Stop listening; `notices` then holds what was not a data frame of classic CAN."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._thread.join(5 * _RECEIVE_SECONDS)
        self.notices += [*self._skipped.notices(), *confused(np.fromiter(self._seen, np.uint32))]
        with suppress(can.CanError, OSError):
            self._bus.shutdown()

    # The thread ---------------------------------------------------------------------------------------

    def _receive(self) -> None:
        try:
            while not self._stop.is_set():
                message = self._bus.recv(_RECEIVE_SECONDS)
                if message is not None:
                    self._add(message)
        except (can.CanError, OSError, ValueError, AssertionError) as error:
            with self._ready:
                self._error = None if self._stop.is_set() else (str(error) or type(error).__name__)
                self._ready.notify()

    def _add(self, message: Any) -> None:
        kind = _skipped_as(message)
        if kind:
            self._skipped[kind] += 1
            return
        if len(self._seen) < _SEEN:
            self._seen.add(message.arbitration_id)
        row = (message.timestamp, message.arbitration_id, bytes(message.data), time.monotonic())
        with self._ready:
            if len(self._rows) >= self._queue:
                # Better to lose what is old and be up to date than to lose a little all the time.
                self._lost += len(self._rows)
                self._rows = []
            self._rows.append(row)
            self._ready.notify()

    # The reader ---------------------------------------------------------------------------------------

    def _take(self, size: int) -> tuple[list[_Row], int, int]:
        """Rows that wait, how many were lost before them, and how many still wait."""
        with self._ready:
            self._ready.wait_for(lambda: self._rows or self._error or self._stop.is_set(), _SILENCE_SECONDS)
            rows, self._rows = self._rows[:size], self._rows[size:]
            lost, self._lost = self._lost, 0
            return rows, lost + self._newly_dropped(), len(self._rows)

    def _newly_dropped(self) -> int:
        """Frames that the system dropped since the last call, before the thread could fetch them."""
        total = dropped_by(getattr(self._bus, "socket", None))
        new, self._dropped = (total - self._dropped) % (1 << 32), total
        return new

    def _widen(self) -> None:
        """Ask for a larger buffer; the system gives what it allows."""
        line = getattr(self._bus, "socket", None)
        if isinstance(line, socket.socket):
            with suppress(OSError):
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)


def _skipped_as(message: Any) -> Kind | None:
    """What a message is, if it is no data frame of classic CAN."""
    if message.is_error_frame:
        return "error"
    if message.is_remote_frame:
        return "remote"
    return "long" if len(message.data) > PAYLOAD_BYTES else None


def dropped_by(line: Any) -> int:
    """Messages that a socket's full receive buffer has dropped so far; 0 where the system does not say."""
    if not isinstance(line, socket.socket):
        return 0
    try:
        counters = line.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
    except OSError:
        return 0
    return int(_MEMINFO.unpack(counters)[-1]) if len(counters) == _MEMINFO.size else 0


def _open(channel: str) -> Any:
    prefix, colon, rest = channel.partition(":")
    known = colon and prefix in VALID_INTERFACES
    interface, name = (prefix, rest) if known else ("socketcan", channel)
    try:
        return can.Bus(interface=interface, channel=name)
    except (can.CanError, OSError, ValueError, ImportError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ToolError(
            f"channel {channel}: cannot be opened: {reason}; expected a SocketCAN interface that is up, such as can0, "
            "or interface:channel as python-can names them, such as slcan:/dev/ttyACM0"
        ) from error


def _frames(rows: list[_Row]) -> Frames:
    times, identifiers, data, _ = zip(*rows, strict=True)
    payload = b"".join(raw.ljust(PAYLOAD_BYTES, b"\0") for raw in data)
    return one_capture(
        "",
        np.array(times, np.float64),
        np.array(identifiers, np.uint32),
        np.fromiter(map(len, data), np.uint8, len(rows)),
        np.frombuffer(payload, np.uint8).reshape(-1, PAYLOAD_BYTES),
        np.zeros(len(rows), np.uint8),
    )
