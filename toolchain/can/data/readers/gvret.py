"""GVRET and SavvyCAN CSV: times in microseconds, identifiers of eight digits, one column for each byte."""

from __future__ import annotations

import re
from typing import BinaryIO

from toolchain.can.data.readers.columns import Columns
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.source import Source
from toolchain.can.data.readers.table import Table

TITLE = "GVRET CSV"

_HEADER = re.compile(rb"time ?stamp\s*,\s*id\s*,\s*extended\s*,\s*(dir\s*,\s*)?bus\s*,\s*len\b", re.IGNORECASE)
_MOST_BYTES = 64


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    return _HEADER.match(_bare(head)) is not None


def _bare(head: bytes) -> bytes:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()


def read(stream: BinaryIO, source: Source) -> Records:
    """All data frames of a log; DataError names the line of one that is malformed."""
    found = _HEADER.match(_bare(source.head()))
    # Older writers have no direction before the bus.
    length = 6 if found and found[1] else 5
    data: list[str | int] = list(range(length + 1, length + 1 + _MOST_BYTES))
    columns = Columns(time=1, identifier=2, bus=length - 1, length=length, data=data, time_unit="us")
    return Table(columns, TITLE).read(stream, source)
