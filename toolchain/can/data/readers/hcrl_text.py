"""HCRL text logs without labels, such as ``normal_run_data.txt`` of the Car-Hacking set.

One frame a line: ``Timestamp: 1479121434.850202  ID: 0350  000  DLC: 8  05 28 84 66 6d 00 00 a2``.
The word after the identifier is ``100`` for a remote frame, which carries no data and is skipped.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes, Index
from toolchain.can.data.readers.records import Records, join
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.text import (
    Fields,
    as_words,
    iter_lines,
    parse_float,
    parse_hex,
    parse_length,
    require,
    split_spaces,
)

TITLE = "HCRL text log"

_BEFORE_DATA = 7
_COLUMNS = _BEFORE_DATA + PAYLOAD_BYTES
_SHAPE = "expected 'Timestamp: <s> ID: <hex> <flag> DLC: <n> <data bytes>'"
_MARKS = ((0, b"Timestamp:"), (2, b"ID:"), (5, b"DLC:"))


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"Timestamp:")


def read(stream: BinaryIO, source: Source) -> Records:
    """All frames of a log; DataError names the line of a malformed row."""
    blocks = (split_spaces(lines, _COLUMNS) for lines in iter_lines(stream, source))
    parts, remote = [], 0
    for fields in blocks:
        for column, mark in _MARKS:
            require(as_words(fields, column) == mark, fields, source, _SHAPE)
        is_remote = as_words(fields, 4) == b"100"
        remote += int(is_remote.sum())
        parts.append(_block(fields.select(~is_remote), source))
    return join(parts, None, [f"{remote} remote frames skipped"] if remote else [])


def _block(fields: Fields, source: Source) -> Records:
    length = parse_length(fields, 6, source)
    whole = fields.count == _BEFORE_DATA + length
    require(whole, fields, source, "the number of data bytes is not DLC {}", 6)
    return Records(
        parse_float(fields, 1, source),
        parse_hex(fields, 3, 8, source).astype(np.uint32),
        length.astype(np.uint8),
        _payload(fields, length, source),
        None,
        fields.number,
    )


def _payload(fields: Fields, length: Index, source: Source) -> Bytes:
    payload = np.zeros((len(length), PAYLOAD_BYTES), np.uint8)
    for place in range(PAYLOAD_BYTES):
        there = length > place
        payload[there, place] = parse_hex(fields.select(there), _BEFORE_DATA + place, 2, source)
    return payload
