"""Volvo V40 captures: ``timestamp,CAN_ID,DLC,PAYLOAD_HEX,PAYLOAD_BIN,ANOMALY``, DLC in bits.

Identifiers are hexadecimal text, but the sequence-replay capture went through floating point in
places: ``290.0`` was ``290``, and ``1.0`` was ``1E0`` read as 1 x 10^0. Such a text is resolved to
the capture's most frequent identifier that reads as that number (see `_resolve`).
Source: M. Marchetti et al., "DAGA" data set, https://github.com/SECloudUNIMORE/ACS (MIT).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from toolchain.can.data.frames import PAYLOAD_BYTES, Bytes, Index, Mask
from toolchain.can.data.readers.records import Records, join
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.text import (
    Fields,
    as_words,
    iter_lines,
    parse_digits,
    parse_float,
    parse_hex,
    parse_integer,
    require,
    split_commas,
    trimmed,
    without_header,
)

TITLE = "Volvo V40 CSV"

_HEADER = b"timestamp,can_id,dlc,payload_hex,payload_bin,anomaly"
_COLUMNS = _HEADER.count(b",") + 1
_IDENTIFIER = 1
_IDENTIFIER_DIGITS = 8
_EXPONENTS = range(_IDENTIFIER_DIGITS)

# Marks a row whose identifier waits for `_resolve`; no CAN identifier has 32 bits.
_PENDING = np.uint32(0xFFFFFFFF)


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    return head.removeprefix(b"\xef\xbb\xbf").lower().startswith(_HEADER)


def read(stream: BinaryIO, source: Source) -> Records:
    """All frames of a capture; DataError names the line of a malformed row."""
    parts, floats = [], []
    for lines in iter_lines(stream, source):
        fields = trimmed(split_commas(without_header(lines), _COLUMNS))
        require(fields.count == _COLUMNS, fields, source, f"expected {_COLUMNS} fields")
        block, texts = _block(fields, source)
        parts.append(block)
        floats += texts
    records = join(parts, None)
    _resolve(records.identifier, floats)
    return records


def _block(fields: Fields, source: Source) -> tuple[Records, list[str]]:
    identifier, floats = _identifiers(fields, source)
    bits = parse_integer(fields, 2, source).astype(np.int64)
    whole = (bits % 8 == 0) & (bits <= 8 * PAYLOAD_BYTES)
    require(whole, fields, source, "DLC {} is not 0, 8, ... 64 bits", 2)
    length = bits // 8
    time, payload = parse_float(fields, 0, source), _payload(fields, length, source)
    injected = _flags(fields, source)
    records = Records(time, identifier, length.astype(np.uint8), payload, injected, fields.number)
    return records, floats


def _identifiers(fields: Fields, source: Source) -> tuple[NDArray[np.uint32], list[str]]:
    """Identifiers, and in order the texts of those left `_PENDING` because they are floats."""
    value, ok = parse_digits(fields, _IDENTIFIER, _IDENTIFIER_DIGITS, 16)
    odd = np.flatnonzero(~ok)
    texts = [fields.text(int(row), _IDENTIFIER) for row in odd]
    ok[odd] = [text.endswith(".0") and text[:-2].isdecimal() for text in texts]
    require(ok, fields, source, "'{}' is not a hexadecimal identifier", _IDENTIFIER)
    identifier = value.astype(np.uint32)
    identifier[odd] = _PENDING
    return identifier, texts


def _resolve(identifier: NDArray[np.uint32], floats: Sequence[str]) -> None:
    """Replace pending identifiers by what their text was before it became a float.

    Candidates are the digits themselves and ``<mantissa>E<exponent>`` of the same value, such as
    1E0 for 1; the one that the rest of the capture has most often wins, else the digits.
    """
    values, counts = np.unique(identifier, return_counts=True)
    known = dict(zip(values.tolist(), counts.tolist(), strict=True))
    resolved = {text: _before_float(text[:-2], known) for text in set(floats)}
    identifier[identifier == _PENDING] = [resolved[text] for text in floats]


def _before_float(digits: str, known: Mapping[int, int]) -> int:
    scaled = [digits[: len(digits) - e] + f"E{e}" for e in _EXPONENTS if _ends(digits, e)]
    candidates = [int(text, 16) for text in (digits, *scaled)]
    return max(candidates, key=lambda value: known.get(value, 0))


def _ends(digits: str, zeros: int) -> bool:
    return len(digits) > zeros and digits.endswith("0" * zeros)


def _payload(fields: Fields, length: Index, source: Source) -> Bytes:
    """Payloads, first byte on the bus first; leading zeros may be missing in the text."""
    value = parse_hex(fields, 3, 2 * PAYLOAD_BYTES, source)
    digits = fields.end[:, 3] - fields.start[:, 3]
    fits = digits <= np.maximum(1, 2 * length)
    require(fits, fields, source, "payload {} is longer than its DLC", 3)
    # Shifting by 64 bits is undefined, and an empty payload has no bits to keep.
    shift = np.where(length > 0, 64 - 8 * length, 0).astype(np.uint64)
    raw = np.where(length > 0, value << shift, 0).astype(">u8")
    return raw.view(np.uint8).reshape(-1, PAYLOAD_BYTES)


def _flags(fields: Fields, source: Source) -> Mask:
    flag = np.char.lower(as_words(fields, _COLUMNS - 1))
    injected: Mask = flag == b"true"
    require(
        injected | (flag == b"false"),
        fields,
        source,
        "'{}' is neither True nor False",
        _COLUMNS - 1,
    )
    return injected
