"""Vector ASC: times absolute or as distances from line to line, numbers hexadecimal or decimal.

A frame is ``<time> <channel> <identifier>[x] Rx|Tx d <dlc> <bytes>``, ``r`` in place of ``d`` is a remote one; CAN-FD
is ``<time> CANFD <channel> Rx|Tx <identifier> [name] <brs> <esi> <dlc> <length> <bytes>``. Other lines are events.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import replace
from typing import BinaryIO

import numpy as np

from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.rows import Rows, data_length
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.text import first_line, iter_text
from toolchain.can.data.readers.times import added_up, no_seconds

TITLE = "Vector ASC"

# Programs have comments like those of a log, and texts begin with such words.
_FIRST = re.compile(
    rb"\s*(date\s.*\d:\d\d|base\s+(hex|dec)\b|(no\s+)?internal\s+events\b|begin\s+trigger)", re.IGNORECASE
)
_BASE = re.compile(rb"\s*base\s+(hex|dec)(?:\s+timestamps\s+(absolute|relative))?\s*", re.IGNORECASE)
_HEADER = re.compile(rb"\s*(date\b|base\b|//|(no\s+)?internal\b|begin\b|end\b)", re.IGNORECASE)
_ENTRY = re.compile(rb"\s*(-?\d{1,12}(?:\.\d{0,12})?)\s+(.*\S)\s*")
_FRAME = re.compile(
    rb"(\d{1,5})\s+([0-9A-Fa-f]{1,10})(x?)\s+(?:Rx|Tx)\s+(?:([rR])\b|d\s+([0-9A-Fa-f]{1,2})(?=\s|$)(.*)).*",
    re.IGNORECASE,
)
_FD = re.compile(
    rb"CANFD\s+(\d{1,5})\s+(?:Rx|Tx)\s+([0-9A-Fa-f]{1,10})(x?)\s+(?:\S*[^\s01]\S*\s+|\d\S+\s+)?"
    rb"([01])\s+([01])\s+([0-9A-Fa-f]{1,2})\s+(\d{1,2})(?=\s|$)(.*)",
    re.IGNORECASE,
)
_ERROR = re.compile(rb"(CANFD\s+)?\d+\s+((Rx|Tx)\s+)?ErrorFrame\b", re.IGNORECASE)

_ANY_TIME = re.compile(rb"\s*(\S{1,64})\s+(.*\S)\s*")

# These would be frames: one that no form fits is malformed, and no event.
_LIKE_A_FRAME = re.compile(rb"(\d{1,5}\s+[0-9A-Fa-f]{1,10}x?|CANFD\s+\d+)\s+(Rx|Tx)\b", re.IGNORECASE)
_SHAPE = "expected a frame such as 0.010000 1 123 Rx d 2 01 02"


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    line = first_line(head, b"//")
    return _FIRST.match(line) is not None or _is_frame(line)


def read(stream: BinaryIO, source: Source) -> Records:
    """All data frames of a log; DataError names the line of a frame that is malformed."""
    reader = _Reader(Rows(source))
    for line, text in iter_text(stream, source):
        reader.take(line, text)
    records = reader.rows.records()
    if not reader.relative:
        return records
    times = added_up(np.array(reader.distances))
    notice = "times are distances from line to line: added up"
    return replace(records, time=times[np.array(reader.entries, np.int64)], notices=(*records.notices, notice))


class _Reader:
    """Reads line by line.

    Attributes:
        relative: whether times are distances; `distances` holds them all, `entries` which of them are frames.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows, self.relative, self._base = rows, False, 16
        self.distances, self.entries = array("d"), array("q")

    def take(self, line: int, text: bytes) -> None:
        """One line of the log."""
        entry = _ENTRY.fullmatch(text)
        if entry is None:
            self._header(text, line)
            return
        time, before = float(entry[1]), len(self.rows)
        if self.relative:
            self.distances.append(time)
        self._entry(time, entry[2], line)
        if self.relative and len(self.rows) > before:
            self.entries.append(len(self.distances) - 1)

    def _header(self, text: bytes, line: int) -> None:
        timed = _ANY_TIME.fullmatch(text)
        if timed and _LIKE_A_FRAME.match(timed[2]):
            self.rows.source.fail(line, no_seconds(timed[1]))
        found = _BASE.match(text)
        if found and not len(self.rows):
            self._base = 10 if found[1].lower() == b"dec" else 16
            self.relative = (found[2] or b"").lower() == b"relative"
        elif text.strip() and not _HEADER.match(text):
            self.rows.skipped["other"] += 1

    def _entry(self, time: float, text: bytes, line: int) -> None:
        if found := _FRAME.fullmatch(text):
            self._frame(time, found, line)
        elif found := _FD.fullmatch(text):
            self._fd(time, found, line)
        elif _ERROR.match(text):
            self.rows.skipped["error"] += 1
        elif _LIKE_A_FRAME.match(text):
            self.rows.source.fail(line, f"{_SHAPE}; was the line cut short?")
        elif not text.startswith(b"Start "):
            self.rows.skipped["other"] += 1

    def _frame(self, time: float, found: re.Match[bytes], line: int) -> None:
        bus, identifier, _, remote, code, rest = found.groups()
        if remote:
            self.rows.skipped["remote"] += 1
            return
        length = data_length(self._number(code, line), self.rows.source, line)
        self.rows.add(time, self._number(identifier, line), self._data(rest, length, line), line, bus)

    def _fd(self, time: float, found: re.Match[bytes], line: int) -> None:
        bus, identifier, _, _, _, code, length, rest = found.groups()
        if not int(length) and self._number(code, line):
            self.rows.skipped["remote"] += 1
            return
        data = self._data(rest, int(length), line)
        self.rows.add(time, self._number(identifier, line), data, line, bus)

    def _data(self, text: bytes, length: int, line: int) -> bytes:
        words = text.split(None, length)[:length]
        values = [self._number(word, line) for word in words]
        if len(values) != length or max(values, default=0) > 255:
            self.rows.source.fail(line, f"expected {length} bytes of data, found {len(values)}; cut short?")
        return bytes(values)

    def _number(self, text: bytes, line: int) -> int:
        try:
            return int(text, self._base)
        except ValueError:
            shown = text[:32].decode("utf-8", "backslashreplace")
            self.rows.source.fail(line, f"'{shown}' is not a number of base {self._base}")


def _is_frame(line: bytes) -> bool:
    entry = _ANY_TIME.fullmatch(line)
    return bool(entry and (_FRAME.fullmatch(entry[2]) or _FD.fullmatch(entry[2])))
