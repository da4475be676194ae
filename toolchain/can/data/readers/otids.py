"""OTIDS as CSV (HCRL, KIA Soul), denial of service: 23 columns from ``Time,IntID1,ID2,DLC,Data``.

The label column is right for identifier 0 only, so the label is: identifier 0 is the DoS attack,
as the set's authors describe it. ``ID2`` is 100 for a remote frame, which is skipped.
Source: H. Lee, S. H. Jeong, H. K. Kim, "OTIDS: a novel intrusion detection system for in-vehicle
network by using remote frame", PST 2017.
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
    parse_integer,
    parse_length,
    require,
    split_commas,
    trimmed,
    without_header,
)

TITLE = "OTIDS CSV"

_HEADER = b"time,intid1,id2,dlc,data,label"
_COLUMNS = 23
_DATA = 4
_REMOTE = b"100"


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    return head.removeprefix(b"\xef\xbb\xbf").lower().startswith(_HEADER)


def read(stream: BinaryIO, source: Source) -> Records:
    """All frames of a capture; DataError names the line of a malformed row."""
    parts, remote = [], 0
    for lines in iter_lines(stream, source):
        fields = trimmed(split_commas(without_header(lines), _DATA + 2))
        require(fields.count == _COLUMNS, fields, source, f"expected {_COLUMNS} fields")
        is_remote = as_words(fields, 2) == _REMOTE
        remote += int(is_remote.sum())
        parts.append(_block(fields.select(~is_remote), source))
    notices = ["labels replaced: identifier 0 is DoS, all else normal"]
    return join(parts, "dos", notices + [f"{remote} remote frames skipped"] * bool(remote))


def _block(fields: Fields, source: Source) -> Records:
    length = parse_length(fields, 3, source)
    digits = fields.end[:, _DATA] - fields.start[:, _DATA]
    whole = (length == 0) | (digits == 3 * length - 1)
    require(whole, fields, source, "'{}' is not as many bytes as its DLC says", _DATA)
    identifier = parse_integer(fields, 1, source).astype(np.uint32)
    return Records(
        parse_float(fields, 0, source),
        identifier,
        length.astype(np.uint8),
        _payload(fields, length, source),
        identifier == 0,
        fields.number,
    )


def _payload(fields: Fields, length: Index, source: Source) -> Bytes:
    """Payloads from ``Data``: bytes of two digits with one blank between them."""
    payload = np.zeros((len(length), PAYLOAD_BYTES), np.uint8)
    for place in range(PAYLOAD_BYTES):
        there = length > place
        rows = fields.select(there)
        start = rows.start[:, _DATA] + 3 * place
        byte = Fields(rows.data, start[:, None], start[:, None] + 2, rows.count, rows.number)
        payload[there, place] = parse_hex(byte, 0, 2, source)
    return payload
