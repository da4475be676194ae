"""Every other log that python-can reads: candump, ASC, BLF, TRC, SQLite and its own CSV.

Such logs carry no labels: all frames are normal unless a sidecar (see `sidecar.py`) says otherwise.
Error and remote frames are skipped. An extended identifier keeps its 29 bits here; the window
encodings see its low 11 bits. A CAN-FD frame of more than 8 bytes is a DataError.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import can
import numpy as np

from toolchain.errors import DataError
from toolchain.training.can.frames import PAYLOAD_BYTES
from toolchain.training.can.readers.records import Records
from toolchain.training.can.readers.source import BROKEN, Source, text_stream

TITLE = "log that python-can reads"

_TEXT_LOGS: tuple[tuple[re.Pattern[bytes], Callable[[Any], Any]], ...] = (
    (re.compile(rb"\s*\(\d+\.\d+\)\s+\S+\s+[0-9A-Fa-f]+#"), can.CanutilsLogReader),
    (re.compile(rb"(date|base|//|internal)\s", re.IGNORECASE), can.ASCReader),
    (re.compile(rb"timestamp,arbitration_id,"), can.CSVReader),
    (re.compile(rb";(\$FILEVERSION|-----|##########)"), can.TRCReader),
)
_BLF, _SQLITE = b"LOGG", b"SQLite format 3"

# What python-can's readers raise on malformed input.
_MALFORMED = (
    *BROKEN,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    can.CanError,
    sqlite3.Error,
    struct.error,
)


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in one of these formats."""
    return head.startswith((_BLF, _SQLITE)) or _text_reader(head) is not None


def read(stream: BinaryIO, source: Source) -> Records:
    """All data frames of a log; DataError names the line (in binary logs, the message)."""
    skipped: list[int] = []
    rows = list(_rows(stream, source, skipped))
    notices = (f"{len(skipped)} remote or error frames skipped",) if skipped else ()
    payload = b"".join(bytes(data).ljust(PAYLOAD_BYTES, b"\0") for _, _, data, _ in rows)
    return Records(
        np.array([row[0] for row in rows], np.float64),
        np.array([row[1] for row in rows], np.uint32),
        np.array([len(row[2]) for row in rows], np.uint8),
        np.frombuffer(payload, np.uint8).reshape(-1, PAYLOAD_BYTES),
        None,
        np.array([row[3] for row in rows], np.int64),
        notices=notices,
    )


def _rows(stream: BinaryIO, source: Source, skipped: list[int]) -> Iterator[tuple[float, int, bytes, int]]:
    """Time, identifier, data and line of each data frame; lines of other frames go to `skipped`."""
    with _messages(stream, source) as (messages, line):
        for message in _checked(messages, line, source):
            if message.is_remote_frame or message.is_error_frame:
                skipped.append(line())
                continue
            data = bytes(message.data)
            if len(data) != message.dlc:
                source.fail(line(), f"{len(data)} data bytes, but DLC {message.dlc}; cut short?")
            if len(data) > PAYLOAD_BYTES:
                size = len(data)
                source.fail(line(), f"CAN-FD frame of {size} bytes; only classic CAN is supported")
            yield message.timestamp, message.arbitration_id, data, line()


def _checked(messages: Iterable[Any], line: Callable[[], int], source: Source) -> Iterator[Any]:
    """The messages; what the reader raises becomes a DataError."""
    try:
        yield from messages
    except _MALFORMED as error:
        reason = str(error) or type(error).__name__
        source.fail(line(), f"malformed log: {reason}; cut the log before this place")


@contextmanager
def _messages(stream: BinaryIO, source: Source) -> Iterator[tuple[Iterable[Any], Callable[[], int]]]:
    """The messages, and a function that tells the current line or message number."""
    head = source.head()
    reader = _text_reader(head)
    if reader is not None:
        text = text_stream(stream)
        yield _open(lambda: reader(text), source), lambda: max(1, text.line)
    elif head.startswith(_BLF):
        counted = _Counted(_open(lambda: can.BLFReader(stream), source))
        yield counted, lambda: max(1, counted.count)
    else:
        with _database(stream, source) as counted:
            yield counted, lambda: max(1, counted.count)


@contextmanager
def _database(stream: BinaryIO, source: Source) -> Iterator[_Counted]:
    """Messages of an SQLite log, which its reader wants as a file on disk."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        with path.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        reader = _open(lambda: can.SqliteReader(str(path)), source)
        try:
            yield _Counted(reader)
        finally:
            reader.stop()


def _open(make: Callable[[], Any], source: Source) -> Any:
    try:
        return make()
    except _MALFORMED as error:
        raise DataError(f"{source.label}:1: malformed log: {error}; write it anew") from error


class _Counted:
    """Messages of a reader, counted as they pass."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.count = 0

    def __iter__(self) -> Iterator[Any]:
        for message in self.reader:
            self.count += 1
            yield message


def _text_reader(head: bytes) -> Callable[[Any], Any] | None:
    plain = head.removeprefix(b"\xef\xbb\xbf")
    return next((reader for pattern, reader in _TEXT_LOGS if pattern.match(plain)), None)
