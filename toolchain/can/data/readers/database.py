"""The SQLite log of python-can: a table ``messages``. What else a database may do is kept from it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from toolchain.can.data.readers.limits import MOST_DATABASE_BYTES, MOST_STEPS, MOST_VALUE_BYTES
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.rows import Rows
from toolchain.can.data.readers.source import Source
from toolchain.errors import DataError

TITLE = "SQLite log of python-can"

_MAGIC = b"SQLite format 3"
_COLUMNS = ("ts", "arbitration_id", "remote", "error", "dlc", "data")
_BLOCK_BYTES = 1 << 20
_STEPS_AT_ONCE = 1 << 16


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    return head.startswith(_MAGIC)


def read(stream: BinaryIO, source: Source) -> Records:
    """All data frames of a log; DataError names the row of one that is malformed."""
    rows = Rows(source)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        _copy(stream, path, source)
        try:
            for number, row in enumerate(_messages(path, source), 1):
                _take(rows, row, number)
        except sqlite3.Error as error:
            raise DataError(f"{source.label}:1: malformed log: {error}; write it anew") from error
    return rows.records()


def _copy(stream: BinaryIO, path: Path, source: Source) -> None:
    """To a file on disk, which SQLite wants."""
    with path.open("wb") as copy:
        while block := stream.read(_BLOCK_BYTES):
            copy.write(block)
            if copy.tell() > MOST_DATABASE_BYTES:
                source.fail(1, f"more than {MOST_DATABASE_BYTES >> 30} GiB; cut the capture into several")


def _messages(path: Path, source: Source) -> Iterator[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        _harden(database)
        made = database.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'messages'").fetchone()
        # A view, a virtual table or a computed column would run what its author wrote.
        if made is None or not str(made[0]).upper().startswith("CREATE TABLE") or "GENERATED" in str(made[0]).upper():
            source.fail(1, "malformed log: it holds no plain table `messages`")
        columns = {str(row[1]) for row in database.execute("PRAGMA table_xinfo(messages)")}
        if missing := sorted(set(_COLUMNS) - columns):
            source.fail(1, f"malformed log: its table `messages` has no column {missing[0]}")
        yield from database.execute(f"SELECT {', '.join(_COLUMNS)} FROM messages")


def _harden(database: sqlite3.Connection) -> None:
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += _STEPS_AT_ONCE
        return steps > MOST_STEPS

    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_VALUE_BYTES)
    database.execute("PRAGMA trusted_schema = OFF")
    database.set_progress_handler(count, _STEPS_AT_ONCE)


def _take(rows: Rows, row: tuple[Any, ...], number: int) -> None:
    time, identifier, remote, error, length, data = row
    whole = all(isinstance(value, int) for value in (identifier, remote, error, length))
    if not whole or not isinstance(time, int | float) or not isinstance(data, bytes | None):
        rows.source.fail(number, f"a row of other types than {', '.join(_COLUMNS)} have")
    if error:
        rows.skipped["error"] += 1
    elif remote:
        rows.skipped["remote"] += 1
    elif len(data or b"") != length:
        rows.source.fail(number, f"{len(data or b'')} data bytes, but DLC {length}; cut short?")
    else:
        rows.add(float(time), identifier, data or b"", number)
