"""What candump of can-utils writes: its log (``candump -l``), and its console form with whatever times.

A log line is ``(1600000000.000000) can0 123#0102``; ``##`` begins a CAN-FD frame, ``#R`` is a remote one, and an
identifier with the flag 20000000 is an error frame. A console line is ``can0  123   [2]  01 02``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import BinaryIO, NoReturn

import numpy as np

from toolchain.can.data.frames import PAYLOAD_BYTES
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.rows import ERROR_FLAG, UNTIMED_SECONDS, Rows
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.text import first_line, iter_text
from toolchain.can.data.readers.times import distances_added, no_seconds

TITLE = "candump log or console"

_LOG = re.compile(rb"\s*\((-?\d{1,19}(?:\.\d{0,9})?)\)\s+(\S{1,64})\s+([0-9A-Fa-f]{1,8})#(\S*)(?:\s+[RT]\S*)?\s*")
# As a line of either form, whatever stands for its time.
_ANY_LOG = re.compile(rb"\s*\(([^()\s]{1,64})\)\s+\S{1,64}\s+[0-9A-Fa-f]{1,8}#")
_ANY_CONSOLE = re.compile(rb"\s*\(([^()\s]{1,64})\)\s+\S{1,64}\s+[0-9A-Fa-f]{3,8}\s+\[\d{1,2}\]")
# What nearly all lines are, told at once.
_PLAIN = re.compile(
    rb"\((\d{1,19}\.\d{1,9})\) (\S{1,64}) ([0-9A-Fa-f]{3}|[01][0-9A-Fa-f]{7})#((?:[0-9A-Fa-f]{2}){0,8})"
)
_CLASSIC = re.compile(rb"([0-9A-Fa-f]*)(?:_[9A-Fa-f])?")
_REMOTE = re.compile(rb"[Rr]\d?(?:_[9A-Fa-f])?")
_FD = re.compile(rb"#[0-9A-Fa-f]([0-9A-Fa-f]*)")
_XL = re.compile(rb"[0-9A-Fa-f]*:\S+#[0-9A-Fa-f]*")

_CONSOLE = re.compile(
    rb"\s*(?:\((-?\d{1,19}(?:\.\d{0,9})?|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?)\)\s+)?"
    rb"(\S{1,64})\s+(?:[RT]X\s+\S+\s+\S+\s+)?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})\s+\[(\d{1,2})\]\s*(.*)"
)

_SECONDS = re.compile(rb"-?\d{1,19}(?:\.\d{0,9})?")
_BYTE = re.compile(rb"[0-9A-Fa-f]{2}")

# Set apart from a clock's few steps back: candump -td begins with 0 and then has distances only.
_SELDOM = 100


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in one of these forms."""
    line = first_line(head, b"#")
    return any(form.match(line) for form in (_LOG, _CONSOLE, _ANY_LOG, _ANY_CONSOLE))


def read(stream: BinaryIO, source: Source) -> Records:
    """All data frames of a log; DataError names the line of one that is malformed."""
    rows = Rows(source)
    console = _ANY_LOG.match(first_line(source.head(), b"#")) is None
    add = _add_console if console else _add_log
    for line, text in iter_text(stream, source):
        # Below an error frame, candump -e explains it.
        if text.strip() and not text.startswith((b"#", b"\t")):
            add(rows, text, line)
    return _with_distances_added(rows.records()) if console else rows.records()


def _add_log(rows: Rows, text: bytes, line: int) -> None:
    plain = _PLAIN.fullmatch(text)
    if plain:
        time, bus, identifier, data = plain.groups()
        rows.add(float(time), int(identifier, 16), bytes.fromhex(data.decode()), line, bus)
    else:
        _add_other(rows, text, line)


def _add_other(rows: Rows, text: bytes, line: int) -> None:
    found = _LOG.fullmatch(text)
    if found is None:
        _fail(rows, text, line, "(1600000000.000000) can0 123#0102")
    time, bus, identifier, data = found.groups()
    number = int(identifier, 16)
    if number & ERROR_FLAG and len(identifier) == 8:
        rows.skipped["error"] += 1
    elif _REMOTE.fullmatch(data):
        rows.skipped["remote"] += 1
    elif _XL.fullmatch(data):
        rows.skipped["xl"] += 1
    else:
        rows.add(float(time), number, _log_data(rows, data, line), line, bus)


def _log_data(rows: Rows, text: bytes, line: int) -> bytes:
    found = _FD.fullmatch(text) or _CLASSIC.fullmatch(text)
    digits = found[1] if found else b"x"
    if found is None or len(digits) % 2:
        rows.source.fail(line, f"'{_short(text)}' is not whole bytes in hexadecimal; was the line cut short?")
    if not text.startswith(b"#") and len(digits) > 2 * PAYLOAD_BYTES:
        rows.source.fail(line, f"{len(digits) // 2} bytes of data: no classic CAN frame")
    return bytes.fromhex(digits.decode())


def _add_console(rows: Rows, text: bytes, line: int) -> None:
    found = _CONSOLE.fullmatch(text)
    if found is None:
        _fail(rows, text, line, "can0  123   [2]  01 02")
    time, bus, identifier, length, rest = found.groups()
    number, words = int(identifier, 16), rest.split(None, int(length))
    if rest.rstrip().endswith(b"ERRORFRAME") or number & ERROR_FLAG:
        rows.skipped["error"] += 1
    elif rest.startswith(b"remote request"):
        rows.skipped["remote"] += 1
    else:
        data = _console_data(rows, words[: int(length)], int(length), line)
        rows.add(_time(rows, time, line), number, data, line, bus)


def _fail(rows: Rows, text: bytes, line: int, shape: str) -> NoReturn:
    """Say what is wrong with a line: its time, where the rest is as it should be."""
    timed = _ANY_LOG.match(text) or _ANY_CONSOLE.match(text)
    if timed and not _SECONDS.fullmatch(timed[1]):
        rows.source.fail(line, no_seconds(timed[1]))
    rows.source.fail(line, f"expected a candump line such as {shape}")


def _console_data(rows: Rows, words: list[bytes], length: int, line: int) -> bytes:
    if len(words) != length or not all(_BYTE.fullmatch(word) for word in words):
        rows.source.fail(line, f"expected {length} bytes of data in hexadecimal; was the line cut short?")
    return bytes.fromhex(b"".join(words).decode())


def _time(rows: Rows, text: bytes | None, line: int) -> float:
    if text is None:
        if rows.timed:
            rows.timed = False
            rows.notices.append(f"no times: its frames are taken to be {UNTIMED_SECONDS:g} s apart")
        return line * UNTIMED_SECONDS
    if b":" not in text:
        return float(text)
    try:
        return datetime.fromisoformat(text.decode()[:26]).replace(tzinfo=UTC).timestamp()
    except ValueError:
        rows.source.fail(line, f"'{_short(text)}' is not a date")


def _with_distances_added(records: Records) -> Records:
    """The records with times; those of ``candump -td`` are distances from frame to frame."""
    back = int((np.diff(records.time) < 0).sum())
    if not len(records) or records.time[0] != 0 or back * _SELDOM <= len(records):
        return records
    return distances_added(records, "times are distances (candump -td): added up")


def _short(text: bytes) -> str:
    return text[:32].decode("utf-8", "backslashreplace")
