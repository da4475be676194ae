"""Readers of CAN captures, one file a format; `read_capture` finds the one that fits by content."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from toolchain.errors import DataError
from toolchain.training.can.readers import hcrl, hcrl_text, logs, otids, volvo
from toolchain.training.can.readers.records import Records
from toolchain.training.can.readers.source import Source

# A reader is a module with TITLE, accepts(head) and read(stream, source).
READERS: tuple[ModuleType, ...] = (hcrl, hcrl_text, volvo, otids, logs)
KNOWN = ", ".join(reader.TITLE for reader in READERS)

# A file with one of these suffixes claims to be a capture; others may lie beside captures.
CAPTURE_SUFFIXES = frozenset((".csv", ".log", ".asc", ".blf", ".trc", ".mf4", ".db"))
_EMPTY_SUFFIXES = CAPTURE_SUFFIXES | {".txt"}

_EXTENDED_LIMIT = 1 << 29


def find_reader(source: Source) -> ModuleType | None:
    """The reader whose format a source has, or None where it neither is nor claims to be a capture.

    Raises:
        DataError: the source is empty, or has the suffix of a capture but no known format.
    """
    head = source.head()
    if not head.strip() and source.suffix in _EMPTY_SUFFIXES:
        raise DataError(f"{source.label}:1: the capture is empty; remove it or copy it anew")
    found = next((reader for reader in READERS if reader.accepts(head)), None)
    if found is None and source.suffix in CAPTURE_SUFFIXES:
        raise DataError(f"{source.label}:1: not a known capture format; known are: {KNOWN}")
    return found


def read_capture(source: Source, reader: ModuleType) -> Records:
    """All frames of a capture.

    Raises:
        DataError: malformed, truncated or without frames; the message names file and line.
    """
    with source.open() as stream:
        records: Records = reader.read(stream, source)
    if not len(records):
        raise DataError(f"{source.label}:1: the capture holds no data frame; remove it")
    wide = records.identifier >= _EXTENDED_LIMIT
    if wide.any():
        row = int(np.argmax(wide))
        value = int(records.identifier[row])
        source.fail(int(records.line[row]), f"identifier {value:#x} has more than 29 bits")
    return records
