"""The raw file: every sample and event, one JSON value a line, written as it comes.

A line is one system call, so a killed agent loses none; what a full disk refuses waits in memory and is tried again.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .wire import plain

_RETRY_LINES = 200


class RawLog:
    """Appends lines to a file.

    Args:
        path: the file; it is made, and an older one is not overwritten but continued.
        write: what writes bytes to a descriptor, for tests.

    Attributes:
        fault: why the disk refused last, or None; it stays when the disk has recovered.
    """

    def __init__(self, path: Path, write: Callable[[int, bytes], int] = os.write) -> None:
        self.path, self._write, self.fault = path, write, ""
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._pending = bytearray()
        self._since_fault = 0
        self._lock = threading.Lock()

    @property
    def pending(self) -> bytes:
        """What the disk has not taken yet."""
        return bytes(self._pending)

    def append(self, value: Any) -> None:
        """Append one line, a record or plain JSON; never raises for a disk that is full."""
        line = json.dumps(value, separators=(",", ":"), default=plain).encode() + b"\n"
        with self._lock:
            self._pending += line
            self._since_fault += 1
            if not self.fault or len(self._pending) == len(line) or self._since_fault >= _RETRY_LINES:
                self._flush()

    def close(self) -> None:
        """A last attempt to write what is pending, and let go of the file."""
        with self._lock:
            self._flush()
            os.close(self._handle)

    def _flush(self) -> None:
        self._since_fault = 0
        try:
            while self._pending:
                del self._pending[: self._write(self._handle, bytes(self._pending))]
        except OSError as error:
            self.fault = f"{self.path.name}: {error.strerror}"


def read_lines(path: Path) -> Iterator[Any]:
    """The values of a raw file; the last line of a killed agent may be half a line, and is left out."""
    with path.open("rb") as stream:
        for line in stream:
            if line.endswith(b"\n"):
                try:
                    yield json.loads(line)
                except (ValueError, RecursionError):
                    continue
