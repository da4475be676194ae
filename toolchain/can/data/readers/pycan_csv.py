"""The CSV of python-can: ``timestamp,arbitration_id,extended,remote,error,dlc,data``, data in base 64."""

from __future__ import annotations

import binascii
import re
from typing import BinaryIO

from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.rows import Rows, data_length
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.text import iter_text
from toolchain.can.data.readers.times import no_seconds

TITLE = "CSV of python-can"

_HEADER = b"timestamp,arbitration_id,extended,remote,error,dlc,data"
_TIME = re.compile(rb"-?\d{1,20}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,3})?")
_ROW = re.compile(
    rb"(" + _TIME.pattern + rb"),(?:0[xX])([0-9A-Fa-f]{1,8}),([01]),([01]),([01]),(\d{1,2}),"
    rb"([A-Za-z0-9+/]*=*)\s*"
)


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    return head.removeprefix(b"\xef\xbb\xbf").lower().startswith(_HEADER)


def read(stream: BinaryIO, source: Source) -> Records:
    """All data frames of a log; DataError names the line of one that is malformed."""
    rows = Rows(source)
    for line, text in iter_text(stream, source):
        if line > 1 and text.strip():
            _take(rows, text, line)
    return rows.records()


def _take(rows: Rows, text: bytes, line: int) -> None:
    found = _ROW.fullmatch(text)
    if found is None:
        time = text.partition(b",")[0]
        if not _TIME.fullmatch(time):
            rows.source.fail(line, no_seconds(time))
        rows.source.fail(line, f"expected {_HEADER.decode()}; was the line cut short?")
    time, identifier, _, remote, error, code, packed = found.groups()
    if error == b"1":
        rows.skipped["error"] += 1
    elif remote == b"1":
        rows.skipped["remote"] += 1
    else:
        rows.add(float(time), int(identifier, 16), _data(rows, packed, int(code), line), line)


def _data(rows: Rows, packed: bytes, code: int, line: int) -> bytes:
    try:
        data = binascii.a2b_base64(packed, strict_mode=True)
    except binascii.Error as error:
        rows.source.fail(line, f"the data are not base 64: {error}")
    # A longer frame is CAN-FD, and its length is no code.
    if len(data) != (code if code > 15 or len(data) == code else data_length(code, rows.source, line)):
        rows.source.fail(line, f"{len(data)} data bytes, but DLC {code}; cut short?")
    return data
