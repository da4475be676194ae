"""A CSV whose columns are told: by python-can's or GVRET's own header, or by a file beside it (see `columns.py`)."""

from __future__ import annotations

import binascii
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, NoReturn

from toolchain.can.data.attacks import class_index
from toolchain.can.data.readers.columns import NAMED_ATTACK, Column, Columns
from toolchain.can.data.readers.limits import MOST_COLUMNS
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.rows import ERROR_FLAG, UNNAMED, UNTIMED_SECONDS, Rows, data_length
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.text import iter_text

_UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_SEPARATORS = {"tab": "\t"}

_TIME = re.compile(r"[+-]?\d{1,20}(\.\d{0,20})?([eE][+-]?\d{1,3})?")
_NUMBERS = {"hex": (re.compile(r"(0[xX])?[0-9A-Fa-f]{1,8}"), 16), "dec": (re.compile(r"\d{1,10}"), 10)}
_BYTES = {"hex": (re.compile(r"(0[xX])?[0-9A-Fa-f]{1,2}"), 16), "dec": (re.compile(r"\d{1,3}"), 10)}
_BETWEEN = re.compile(r"^0[xX]|[\s:._-]+")
_HEX = re.compile(r"([0-9A-Fa-f]{2})*")
_LONGEST_DATA = 256

Cells = Sequence[str]


@dataclass(frozen=True)
class Table:
    """A reader of tables with these columns; `TITLE` names the format for people."""

    columns: Columns
    TITLE: str = "CSV with columns.yaml"

    def read(self, stream: BinaryIO, source: Source) -> Records:
        """All data frames of a table; DataError names the line of a row that is malformed."""
        rows, lines = Rows(source), _cells(stream, source, self.columns)
        row = _Row(rows, self.columns, next(lines, (1, []))[1] if self.columns.header else None)
        for line, cells in lines:
            row.take(line, cells)
        return rows.records()


def _cells(stream: BinaryIO, source: Source, columns: Columns) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells without the blanks around them; empty lines are left out."""
    at = 1

    def texts() -> Iterator[str]:
        nonlocal at
        for at, raw in iter_text(stream, source):  # noqa: B007
            yield raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")

    separator = _SEPARATORS.get(columns.separator, columns.separator)
    try:
        for cells in csv.reader(texts(), delimiter=separator, strict=True):
            if len(cells) > MOST_COLUMNS:
                source.fail(at, f"more than {MOST_COLUMNS} columns")
            if any(cells):
                yield at, [cell.strip() for cell in cells]
    except csv.Error as error:
        source.fail(at, f"not a row of a CSV: {error}")


class _Row:
    """Takes the rows of one table; `header` is its first row, or None."""

    def __init__(self, rows: Rows, columns: Columns, header: Cells | None) -> None:
        self._rows, self._columns = rows, columns
        place = partial(_place, rows.source, header)
        self._identifier = place(columns.identifier)
        self._time, self._length = _optional(place, columns.time), _optional(place, columns.length)
        self._bus, self._label = _optional(place, columns.bus), _optional(place, columns.label)
        data = columns.data if isinstance(columns.data, list) else None
        self._data = [place(column) for column in data] if data else place(columns.data)  # type: ignore[arg-type]
        self._least = 1 + max(p for p in (self._identifier, self._time, self._label) if p is not None)
        if columns.time is None:
            rows.timed = False
            rows.notices.append(f"no times: its frames are taken to be {UNTIMED_SECONDS:g} s apart")

    def take(self, line: int, cells: Cells) -> None:
        """One row."""
        if len(cells) < self._least:
            self._fail(line, f"{len(cells)} columns, expected {self._least} or more; was the line cut short?")
        identifier = self._number(cells[self._identifier], self._columns.identifier_base, line)
        if identifier >> 29 == ERROR_FLAG >> 29:
            self._rows.skipped["error"] += 1
            return
        data = self._bytes(cells, line)
        frame = (self._seconds(cells, line), identifier, data, line, self._text(cells, self._bus).encode())
        if self._label is None:
            self._rows.add(*frame)
        else:
            self._rows.add_labelled(self._truth(cells[self._label], line), *frame)

    def _bytes(self, cells: Cells, line: int) -> bytes:
        data = self._joined(cells, line)
        text = self._text(cells, self._length)
        if self._length is None:
            return data
        length = self._number(text, "dec", line)
        # Beyond 15 it is no code but a number of bytes, of CAN-FD; so it is where there are more than 8 bytes.
        wanted = length if length > 15 or len(data) == length else data_length(length, self._rows.source, line)
        if len(data) < wanted or (isinstance(self._data, int) and len(data) > max(wanted, 8)):
            self._fail(line, f"{len(data)} bytes of data, but the length {text}; was the line cut short?")
        return data[:wanted]

    def _joined(self, cells: Cells, line: int) -> bytes:
        if isinstance(self._data, list):
            texts = [self._text(cells, place) for place in self._data]
            filled = next((k for k, text in enumerate(texts) if not text), len(texts))
            return bytes(self._byte(text, line) for text in texts[:filled])
        if self._columns.data_base == "base64":
            return self._unpacked(self._text(cells, self._data), line)
        digits = _BETWEEN.sub("", self._text(cells, self._data)[:_LONGEST_DATA])
        if not _HEX.fullmatch(digits):
            self._fail(line, f"'{digits[:32]}' is not whole bytes in hexadecimal")
        return bytes.fromhex(digits)

    def _unpacked(self, text: str, line: int) -> bytes:
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except (binascii.Error, ValueError):
            self._fail(line, f"'{text[:32]}' is not base 64")

    def _byte(self, text: str, line: int) -> int:
        shape, base = _BYTES[self._columns.data_base]
        value = int(text, base) if shape.fullmatch(text) else 256
        if value > 255:
            self._fail(line, f"'{text[:32]}' is not a byte ({self._columns.data_base})")
        return value

    def _number(self, text: str, base: str, line: int) -> int:
        shape, radix = _NUMBERS[base]
        if not shape.fullmatch(text):
            self._fail(line, f"'{text[:32]}' is not a whole number ({base})")
        return int(text, radix)

    def _seconds(self, cells: Cells, line: int) -> float:
        if self._time is None:
            return line * UNTIMED_SECONDS
        text = cells[self._time]
        if self._columns.decimal == ",":
            text = text.replace(",", ".", 1)
        if not _TIME.fullmatch(text):
            self._fail(line, f"'{text[:32]}' is not a time in {self._columns.time_unit}")
        return float(text) / _UNITS[self._columns.time_unit]

    def _truth(self, text: str, line: int) -> int:
        meant = self._columns.labels.get(text)
        if meant is None:
            known = ", ".join(list(self._columns.labels)[:8])
            self._fail(line, f"label '{text[:32]}' is none of those that columns.yaml tells: {known}")
        return UNNAMED if meant == NAMED_ATTACK else class_index(meant)

    @staticmethod
    def _text(cells: Cells, place: int | None) -> str:
        return cells[place][:_LONGEST_DATA] if place is not None and place < len(cells) else ""

    def _fail(self, line: int, problem: str) -> NoReturn:
        self._rows.source.fail(line, problem)


def _optional(place: Callable[[Column], int], column: Column | None) -> int | None:
    return None if column is None else place(column)


def _place(source: Source, header: Cells | None, column: Column) -> int:
    """Index of a column."""
    if isinstance(column, int):
        return column - 1
    names = [name.lower() for name in header or ()]
    if column.strip().lower() not in names:
        shown = ", ".join(name[:32] for name in (header or ())[:16])
        source.fail(1, f"no column '{column[:32]}', which columns.yaml names; the header has: {shown}")
    return names.index(column.strip().lower())
