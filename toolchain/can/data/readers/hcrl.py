"""HCRL Car-Hacking captures, native format: ``time,ID,DLC,data bytes...,R|T``, a header line before it or not.

A frame of fewer than 8 bytes comes in two shapes: short, with the flag behind its last byte (and
perhaps empty fields behind the flag), or padded with ``00`` to 8 bytes.
Source: H. M. Song, J. Woo, H. K. Kim, "In-vehicle network intrusion detection using deep
convolutional neural network", Vehicular Communications 21 (2020).
"""

from __future__ import annotations

import re
from typing import BinaryIO

import numpy as np

from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes, Index, Mask
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
    split_commas,
    trimmed,
    without_header,
)

TITLE = "HCRL Car-Hacking CSV"

_FIRST_LINE = re.compile(
    # A time that is none is named when the line is read.
    rb"(\xef\xbb\xbf)?\s*[+-]?(nan|inf[a-z]*|[\d.]+(e[+-]?\d+)?)\s*,"
    rb"\s*[0-9A-F]{1,8}\s*,\s*\d+\s*,\s*([0-9A-F]{1,2}\s*,|[RT])",
    re.IGNORECASE,
)
_HEADER = re.compile(rb"(\xef\xbb\xbf)?\s*time\w*\s*,\s*(can_?)?id\s*,\s*dlc\s*,\s*data\W?_?\d", re.IGNORECASE)
_BEFORE_DATA = 3
_COLUMNS = _BEFORE_DATA + PAYLOAD_BYTES + 1
_SHAPE = "expected time,ID,DLC,data bytes,R or T"


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    return _FIRST_LINE.match(head) is not None or _HEADER.match(head) is not None


def read(stream: BinaryIO, source: Source) -> Records:
    """All frames of a capture; DataError names the line of a malformed row."""
    blocks = iter_lines(stream, source)
    if _HEADER.match(source.head()):
        blocks = (without_header(lines) for lines in blocks)
    return join([_block(trimmed(split_commas(b, _COLUMNS)), source) for b in blocks], None)


def _block(fields: Fields, source: Source) -> Records:
    used = _used_fields(fields)
    data_bytes = used - _BEFORE_DATA - 1
    require(data_bytes >= 0, fields, source, f"{_SHAPE}; the row ends early")
    require(fields.count <= _COLUMNS, fields, source, f"{_SHAPE}; the row has too many fields")
    length = parse_length(fields, 2, source)
    fits = (data_bytes == length) | (data_bytes == PAYLOAD_BYTES)
    require(fits, fields, source, f"{_SHAPE}; the number of data bytes is not DLC {{}}", 2)
    return Records(
        parse_float(fields, 0, source),
        parse_hex(fields, 1, 8, source).astype(np.uint32),
        length.astype(np.uint8),
        _payload(fields, length, source),
        _flags(fields, used, source),
        fields.number,
    )


def _used_fields(fields: Fields) -> Index:
    """Number of fields up to the last one that is not empty."""
    filled = fields.end > fields.start
    used: Index = np.where(filled, np.arange(1, _COLUMNS + 1), 0).max(axis=1, initial=0)
    return used


def _flags(fields: Fields, used: Index, source: Source) -> Mask:
    rows = np.arange(len(used))
    start, end = fields.start[rows, used - 1], fields.end[rows, used - 1]
    one = Fields(fields.data, start[:, None], end[:, None], fields.count, fields.number)
    flag = np.char.upper(as_words(one, 0))
    injected: Mask = flag == b"T"
    require(injected | (flag == b"R"), one, source, f"{_SHAPE}; the row ends in '{{}}'", 0)
    return injected


def _payload(fields: Fields, length: Index, source: Source) -> Bytes:
    payload = np.zeros((len(length), PAYLOAD_BYTES), np.uint8)
    for place in range(PAYLOAD_BYTES):
        there = length > place
        payload[there, place] = parse_hex(fields.select(there), _BEFORE_DATA + place, 2, source)
    return payload
