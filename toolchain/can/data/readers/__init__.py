"""Readers of CAN captures, one file a format; `read_capture` finds the one that fits by content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, Protocol, cast

from toolchain.can.data.readers import (
    asc,
    blf,
    candump,
    database,
    gvret,
    hcrl,
    hcrl_text,
    otids,
    pycan_csv,
    trc,
    volvo,
)
from toolchain.can.data.readers.columns import FOLDER_FILE, Columns, columns_of
from toolchain.can.data.readers.described import described
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.rows import must_be_29_bits, must_be_bounded
from toolchain.can.data.readers.source import Bounded, Source
from toolchain.can.data.readers.table import Table
from toolchain.can.data.readers.times import backward, must_be_seconds
from toolchain.errors import DataError
from toolchain.yaml_file import load_yaml


class Reader(Protocol):
    """Reads one format, whose name for people is `TITLE`."""

    @property
    def TITLE(self) -> str:  # noqa: N802
        """The format's name."""

    def read(self, stream: BinaryIO, source: Source) -> Records:
        """All frames; DataError names the line of one that is malformed."""


# A reader of this list is a module that also tells, by `accepts(head)`, whether a file is in its format.
READERS = (hcrl, hcrl_text, volvo, otids, candump, asc, blf, trc, gvret, pycan_csv, database)
KNOWN = f"{', '.join(reader.TITLE for reader in READERS)}; any other CSV, with a {FOLDER_FILE} that names its columns"

# These have no lines, and say themselves what is lost.
_BINARY: tuple[Reader, ...] = (blf, database)

# A file with one of these suffixes claims to be a capture; others may lie beside captures.
CAPTURE_SUFFIXES = frozenset((".csv", ".log", ".asc", ".blf", ".trc", ".mf4", ".db"))
_EMPTY_SUFFIXES = CAPTURE_SUFFIXES | {".txt"}


def find_reader(source: Source) -> Reader | None:
    """The reader whose format a source has, or None where it neither is nor claims to be a capture.

    Raises:
        DataError: the source is empty, or has the suffix of a capture but no known format.
        ConfigError: the file that names its columns is wrong.
    """
    head = source.head()
    if not head.strip() and source.suffix in _EMPTY_SUFFIXES:
        raise DataError(f"{source.label}:1: the capture is empty; remove it or copy it anew")
    found: Reader | None = next((reader for reader in READERS if reader.accepts(head)), None)
    told = columns_of(source.path, source.suffix)
    if told and (found is None or told.name != FOLDER_FILE):
        return Table(load_yaml(told, Columns))
    if found is None and source.suffix in CAPTURE_SUFFIXES:
        seen = described(head) if source.suffix == ".csv" else ""
        raise DataError(f"{source.label}:1: not a known capture format{seen}; known are: {KNOWN}")
    return found


def read_capture(source: Source, reader: Reader, told: Callable[[int], None] | None = None) -> Records:
    """All frames of a capture; of one that was cut short, those that are whole, and a notice.

    Args:
        told: learns how many bytes have been read, unpacked.

    Raises:
        DataError: malformed, without frames or with too many; the message names file and line.
    """
    records = _whole(source, reader, told)
    if not len(records):
        said = "".join(f"; {notice}" for notice in records.notices)
        raise DataError(f"{source.label}:1: the capture holds no data frame; remove it{said}")
    must_be_bounded(len(records), source)
    must_be_29_bits(records.identifier, records.line, source)
    must_be_seconds(records.time, records.line, source)
    return replace(records, notices=(*records.notices, *backward(records)))


def _whole(source: Source, reader: Reader, told: Callable[[int], None] | None) -> Records:
    """What is whole: a log ends within a line where the logger or the copy was broken off."""
    with source.open(told) as stream:
        records, fault = _attempt(reader, stream, source)
    last = f"{source.label}:{stream.lines + 1}: "
    broken_off = stream.ended and 0 < stream.whole < stream.count and str(fault).startswith(last)
    if reader in _BINARY or not (stream.cut or broken_off):
        if fault or records is None:
            raise fault or AssertionError
        return records
    with source.open(told, stream.whole) as shorter:
        records = reader.read(cast(BinaryIO, shorter), source)
    why, lost = (" (the packed file has no end)", "what follows") if stream.cut else ("", "that line")
    notice = f"cut short in line {stream.lines + 1:,}{why}: {len(records):,} frames are whole; {lost} is lost"
    return replace(records, notices=(*records.notices, notice))


def _attempt(reader: Reader, stream: Bounded, source: Source) -> tuple[Records | None, DataError | None]:
    try:
        return reader.read(cast(BinaryIO, stream), source), None
    except DataError as error:
        return None, error
