"""PEAK TRC, versions 1.0 to 2.1: comments begin with ``;`` and tell the version, the start and the columns."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.rows import Rows, data_length
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.text import first_line, iter_text

TITLE = "PEAK TRC"

_VERSION = re.compile(rb"(\xef\xbb\xbf)?;\$FILEVERSION")
# Version 1.0 does not say so. Programs have comments like its own.
_RULE, _ENTRY = re.compile(rb"(\xef\xbb\xbf)?;(-----|##########)"), re.compile(rb"\s*\d+\)\s+\S")
_DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)

# The letters that version 2 has for its columns: time in ms, type, bus, identifier, direction, DLC, data.
_COLUMNS = {
    "1.0": "NOILD",
    "1.1": "NOdILD",
    "1.2": "NOBdILD",
    "1.3": "NOBdIrLD",
}
_NEEDED = frozenset("OI")
_DATA_TYPES, _REMOTE_TYPES, _ERROR_TYPES = ("DT", "FD", "FB", "FE", "BI"), ("RR", "RTR"), ("ER", "ERROR")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{0,9})?")
_IDENTIFIER, _BYTE = re.compile(r"[0-9A-Fa-f]{1,8}"), re.compile(r"[0-9A-Fa-f]{1,2}")
_NO_IDENTIFIER = "FFFFFFFF"


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    entry = _RULE.match(head) and _ENTRY.match(first_line(head, b";"))
    return _VERSION.match(head) is not None or bool(entry)


def read(stream: BinaryIO, source: Source) -> Records:
    """All data frames of a log; DataError names the line of one that is malformed."""
    reader = _Reader(Rows(source))
    for line, raw in iter_text(stream, source):
        text = raw.decode("utf-8", "backslashreplace").strip()
        if text.startswith(";"):
            reader.header(text, line)
        elif text:
            reader.frame(text, line)
    return reader.rows.records()


class _Reader:
    """Reads line by line; `columns` are the letters of the columns, in their order."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.columns, self._start = rows, "NOILD", 0.0

    def header(self, text: str, line: int) -> None:
        """One comment."""
        key, _, value = text.partition("=")
        value = value.strip()
        if key == ";$FILEVERSION":
            if value not in (*_COLUMNS, "2.0", "2.1"):
                self.rows.source.fail(line, f"TRC version '{value[:32]}' is unknown; known are 1.0 to 2.1")
            self.columns = _COLUMNS.get(value, "")
        elif key == ";$STARTTIME" and self.columns != _COLUMNS["1.0"]:
            self._start = self._date(value, line)
        elif key == ";$COLUMNS":
            self.columns = value.replace(",", "")

    def _date(self, text: str, line: int) -> float:
        try:
            return (_DAY_ZERO + timedelta(days=float(text))).timestamp()
        except (ValueError, OverflowError):
            self.rows.source.fail(line, f"'{text[:32]}' is no start time in days")

    def frame(self, text: str, line: int) -> None:
        """One entry."""
        if not set(self.columns) >= _NEEDED:
            self.rows.source.fail(line, "no line ;$COLUMNS= before it tells its columns")
        words = text.split()
        fields = dict(zip(self.columns, words, strict=False))
        rest = words[self.columns.find("D") :] if "D" in self.columns else []
        kind = (fields.get("T") or (rest[0] if rest[:1] == ["RTR"] else "DT")).upper()
        if _is_error(fields, kind):
            self.rows.skipped["error"] += 1
        elif kind in _REMOTE_TYPES:
            self.rows.skipped["remote"] += 1
        elif kind not in _DATA_TYPES or fields.get("d", "Rx") not in ("Rx", "Tx"):
            self.rows.skipped["other"] += 1
        else:
            self._data_frame(fields, rest, line)

    def _data_frame(self, fields: dict[str, str], rest: list[str], line: int) -> None:
        time, length = fields.get("O", ""), self._length(fields, line)
        if not _NUMBER.fullmatch(time):
            self.rows.source.fail(line, f"'{time[:32]}' is no time in milliseconds")
        identifier, words = fields.get("I", ""), rest[:length]
        if not _IDENTIFIER.fullmatch(identifier) or not all(_BYTE.fullmatch(word) for word in words):
            self.rows.source.fail(line, "identifier or data are not hexadecimal; was the line cut short?")
        data = bytes(int(word, 16) for word in words)
        if len(data) != length:
            self.rows.source.fail(line, f"expected {length} bytes of data, found {len(data)}; was the line cut short?")
        self.rows.add(float(time) / 1000 + self._start, int(identifier, 16), data, line, fields.get("B", "").encode())

    def _length(self, fields: dict[str, str], line: int) -> int:
        text = fields.get("l") or fields.get("L") or ""
        if not re.fullmatch(r"\d{1,2}", text):
            self.rows.source.fail(line, f"'{text[:32]}' is no length; was the line cut short?")
        if "l" in fields:
            return int(text)
        code = int(text)
        if fields.get("T", "DT") == "DT":
            return data_length(code, self.rows.source, line)
        return FD_BYTES[code] if code < len(FD_BYTES) else code


# Data bytes of a CAN-FD frame by its data length code.
FD_BYTES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)


def _is_error(fields: dict[str, str], kind: str) -> bool:
    return kind in _ERROR_TYPES or fields.get("d") == "Error" or fields.get("I", "").upper() == _NO_IDENTIFIER
