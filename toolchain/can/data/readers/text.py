"""Fast tables of text: lines, fields and numbers of a block of bytes, all as numpy columns.

A capture has millions of lines, so no Python code runs per line; a fault is searched for only once
a column is known to hold one, and is then reported with its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes, Index, Mask
from toolchain.can.data.readers.limits import LONGEST_LINE, LONGEST_WORD, MOST_LINES
from toolchain.can.data.readers.source import Source

# A block may hold half as many lines, each of them a row in every column.
_BLOCK_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"
_INVALID = 255

# Data length codes have four bits.
LARGEST_DLC = 15


def _digit_table() -> Bytes:
    table = np.full(256, _INVALID, np.uint8)
    for value, digit in enumerate(b"0123456789abcdef"):
        table[digit] = value
    table[np.frombuffer(b"ABCDEF", np.uint8)] = np.arange(10, 16)
    return table


_DIGITS = _digit_table()


@dataclass(frozen=True)
class Lines:
    """Non-empty lines of a block: line i is ``data[start[i]:end[i]]`` and bears `number[i]`."""

    data: Bytes
    start: Index
    end: Index
    number: Index


@dataclass(frozen=True)
class Fields:
    """Fields of lines: field k of line i is ``data[start[i, k]:end[i, k]]``.

    Fields that a line does not have are empty. `count` is the number that it has, which may be more
    than there are columns.
    """

    data: Bytes
    start: Index
    end: Index
    count: Index
    number: Index

    def select(self, rows: Mask) -> Fields:
        """The fields of some lines."""
        columns = (self.start, self.end, self.count, self.number)
        return Fields(self.data, *(c[rows] for c in columns))

    def text(self, row: int, column: int) -> str:
        """One field as text, for messages and slow paths."""
        start, end = self.start[row, column], self.end[row, column]
        raw = self.data[start : min(end, start + LONGEST_WORD)].tobytes()
        return raw.decode("utf-8", "replace")


def iter_lines(stream: BinaryIO, source: Source) -> Iterator[Lines]:
    """Blocks of complete lines, a last line without newline included.

    Raises:
        DataError: a line is so long that this cannot be a table.
    """
    rest, number = b"", 1
    while block := stream.read(_BLOCK_BYTES):
        block = rest + block
        cut = block.rfind(b"\n") + 1
        yield _bounded(_lines(block[:cut], number), source)
        number, rest = number + block.count(b"\n", 0, cut), block[cut:]
        _must_be_few(number, source)
        if len(rest) > LONGEST_LINE:
            _too_long(source, number)
    yield _lines(rest, number)


def iter_text(stream: BinaryIO, source: Source) -> Iterator[tuple[int, bytes]]:
    """Line numbers, from 1, and lines without their ends, a byte order mark left out.

    Raises:
        DataError: a line is so long that this cannot be a log.
    """
    rest, number = b"", 1
    while block := stream.read(_BLOCK_BYTES):
        *lines, rest = (rest + block).split(b"\n")
        _must_be_few(number + len(lines), source)
        for line in lines:
            if len(line) > LONGEST_LINE:
                _too_long(source, number)
            yield number, _bare(line, number)
            number += 1
        if len(rest) > LONGEST_LINE:
            _too_long(source, number)
    if rest:
        yield number, _bare(rest, number)


def _bare(line: bytes, number: int) -> bytes:
    return line.removesuffix(b"\r").removeprefix(_BOM if number == 1 else b"")


def _must_be_few(lines: int, source: Source) -> None:
    if lines > MOST_LINES:
        source.fail(1, f"more than {MOST_LINES:,} lines; cut the capture into several")


def first_line(head: bytes, comment: bytes) -> bytes:
    """The first line that is neither empty nor begins with `comment`."""
    lines = (line.rstrip() for line in head.removeprefix(_BOM).split(b"\n"))
    return next((line for line in lines if line and not line.startswith(comment)), b"")


def _bounded(lines: Lines, source: Source) -> Lines:
    long = lines.end - lines.start > LONGEST_LINE
    if long.any():
        _too_long(source, int(lines.number[np.argmax(long)]))
    return lines


def _too_long(source: Source, number: int) -> NoReturn:
    source.fail(number, f"line of more than {LONGEST_LINE:,} bytes; not a capture")


def _lines(block: bytes, first: int) -> Lines:
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    if len(data) and (not len(ends) or ends[-1] != len(data) - 1):
        ends = np.append(ends, len(data))
    starts = np.concatenate([ends[:0], [0], ends[:-1] + 1])[: len(ends)]
    if first == 1 and block.startswith(_BOM):
        starts[0] = len(_BOM)
    number = np.arange(first, first + len(ends))
    carriage = (ends > starts) & (data[ends - 1] == ord("\r")) if len(ends) else ends > starts
    ends = ends - carriage
    keep = ends > starts
    return Lines(data, starts[keep], ends[keep], number[keep])


def split_commas(lines: Lines, columns: int) -> Fields:
    """Fields between commas."""
    commas = np.flatnonzero(lines.data == ord(","))
    first, last = np.searchsorted(commas, lines.start), np.searchsorted(commas, lines.end)
    bounds = np.append(commas, len(lines.data))
    ends = [np.where(first + k < last, bounds[np.minimum(first + k, len(commas))], lines.end) for k in range(columns)]
    starts = [lines.start] + [np.minimum(end + 1, lines.end) for end in ends[:-1]]
    return Fields(lines.data, np.stack(starts, 1), np.stack(ends, 1), last - first + 1, lines.number)


def split_spaces(lines: Lines, columns: int) -> Fields:
    """Words between runs of blanks and tabs."""
    blank = np.isin(lines.data, np.frombuffer(b" \t\r\n", np.uint8))
    edges = np.diff(np.concatenate([[True], blank, [True]]).astype(np.int8))
    begins, stops = np.flatnonzero(edges == -1), np.flatnonzero(edges == 1)
    first, last = np.searchsorted(begins, lines.start), np.searchsorted(begins, lines.end)
    word = first[:, None] + np.arange(columns)
    there = word < last[:, None]
    begins, stops = np.append(begins, 0), np.append(stops, 0)
    word = np.where(there, word, len(begins) - 1)
    end = lines.end[:, None]
    return Fields(
        lines.data,
        np.where(there, begins[word], end),
        np.where(there, stops[word], end),
        last - first,
        lines.number,
    )


def trimmed(fields: Fields) -> Fields:
    """The fields without the blanks and tabs around them."""
    if not _is_blank(fields.data).any():
        return fields
    start, end = fields.start, fields.end
    for _ in range(LONGEST_WORD):
        left = (start < end) & _is_blank(fields.data[np.minimum(start, len(fields.data) - 1)])
        right = (start < end) & _is_blank(fields.data[end - 1])
        if not (left.any() or right.any()):
            break
        start, end = start + left, np.maximum(end - right, start + left)
    return Fields(fields.data, start, end, fields.count, fields.number)


def _is_blank(data: Bytes) -> Mask:
    blank: Mask = (data == ord(" ")) | (data == ord("\t"))
    return blank


def without_header(lines: Lines) -> Lines:
    """The lines but the file's first."""
    keep = lines.number > 1
    return Lines(lines.data, lines.start[keep], lines.end[keep], lines.number[keep])


def require(ok: Mask, fields: Fields, source: Source, problem: str, column: int = -1) -> None:
    """Raise a DataError for the first line that is not ok; `{}` in `problem` becomes its field."""
    if not ok.all():
        row = int(np.argmin(ok))
        source.fail(int(fields.number[row]), problem.format(fields.text(row, column)))


def parse_digits(fields: Fields, column: int, width: int, base: int) -> tuple[NDArray[np.uint64], Mask]:
    """Value of an unsigned number of 1 to `width` digits, and where it is one."""
    start, end = fields.start[:, column], fields.end[:, column]
    ok = (end > start) & (end - start <= width)
    value = np.zeros(len(start), np.uint64)
    for place in range(min(width, int((end - start).max(initial=0)))):
        there = end - 1 - place >= start
        digit = _DIGITS[fields.data[np.maximum(end - 1 - place, 0)]]
        ok &= ~there | (digit < base)
        value += np.where(there, digit, 0).astype(np.uint64) * np.uint64(base**place)
    return value, ok


def parse_hex(fields: Fields, column: int, width: int, source: Source) -> NDArray[np.uint64]:
    """Hexadecimal numbers of 1 to `width` digits (16 at most)."""
    value, ok = parse_digits(fields, column, width, 16)
    require(ok, fields, source, f"'{{}}' is not a hexadecimal number of {width} digits", column)
    return value


def parse_integer(fields: Fields, column: int, source: Source) -> NDArray[np.uint64]:
    """Decimal numbers of 1 to 10 digits."""
    value, ok = parse_digits(fields, column, 10, 10)
    require(ok, fields, source, "'{}' is not a whole number", column)
    return value


def parse_length(fields: Fields, column: int, source: Source) -> Index:
    """Bytes of data from data length codes: 9 to 15 are 8 in a classic frame."""
    code = parse_integer(fields, column, source).astype(np.int64)
    require(code <= LARGEST_DLC, fields, source, f"DLC {{}} is above {LARGEST_DLC}: no CAN frame", column)
    return np.minimum(code, PAYLOAD_BYTES)


def parse_float(fields: Fields, column: int, source: Source) -> NDArray[np.float64]:
    """Finite decimal numbers, exponents allowed."""
    words = as_words(fields, column)
    try:
        value = words.astype(np.float64)
    except ValueError:
        value = np.array([_float(word) for word in words.tolist()], np.float64)
    ok = np.isfinite(value) & (fields.end[:, column] - fields.start[:, column] <= LONGEST_WORD)
    require(ok, fields, source, "the time '{}' is no number of seconds", column)
    return value


def _float(word: bytes) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")


def as_words(fields: Fields, column: int) -> NDArray[np.bytes_]:
    """A column as fixed-width byte strings, (n,); what is too long for a number or a mark is cut."""
    start = fields.start[:, column]
    end = np.minimum(fields.end[:, column], start + LONGEST_WORD + 1)
    width = max(1, int((end - start).max(initial=0)))
    place = start[:, None] + np.arange(width)
    padded = np.append(fields.data, np.uint8(0))
    chars = padded[np.where(place < end[:, None], place, len(fields.data))]
    return np.ascontiguousarray(chars).view(f"S{width}").ravel()
