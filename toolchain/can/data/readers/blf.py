"""Vector BLF: objects in zlib containers, or at the top level where a logger packs nothing.

No specification is public; the layout is the one of python-can's reader and of Vector's open readers.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

from toolchain.can.data.readers.limits import MOST_OBJECT_BYTES
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.rows import Rows, data_length
from toolchain.can.data.readers.source import Source

TITLE = "Vector BLF"

_MAGIC = b"LOGG"
_OBJECT = b"LOBJ"

# Signature, header bytes, of which object counts and start (SYSTEMTIME) are read here.
_FILE = struct.Struct("<4sL8BQQLL8H8H")
_BASE = struct.Struct("<4sHHLL")
_TIMES = {1: struct.Struct("<L4xQ"), 2: struct.Struct("<L4xQ8x")}
_CONTAINER = struct.Struct("<H6xL4x")
_PLAIN, _DEFLATED = 0, 2
_TEN_MICROSECONDS = 1

_CONTAINER_TYPE, _RESTORE_POINT = 10, 115
_CLASSIC_TYPES, _FD_TYPE, _FD64_TYPE = (1, 86), 100, 101
_ERROR_TYPES = (2, 73, 104)

# Bus, flags, DLC, identifier, data.
_CLASSIC = struct.Struct("<HBBL8s")
# Bus, flags, DLC, identifier, (lengths), FD flags, bytes, data.
_FD = struct.Struct("<HBBL4xBBB5x64s")
# Bus, DLC, bytes, identifier, flags, (rates and times), start of further data.
_FD64 = struct.Struct("<BBBxL4xL19xB4x")
_REMOTE, _REMOTE64 = 0x80, 0x10
_IDENTIFIER = 0x1FFFFFFF

# Type, header version, and what follows the base header.
_Object = tuple[int, int, bytes]


def accepts(head: bytes) -> bool:
    """Whether the head of a file is in this format."""
    return head.startswith(_MAGIC)


def read(stream: BinaryIO, source: Source) -> Records:
    """All data frames of a log; DataError names the object where it is damaged."""
    raw = stream.read(_FILE.size)
    if len(raw) < _FILE.size:
        source.fail(1, "the BLF header is cut short; copy the file anew")
    header = _FILE.unpack(raw)
    stream.read(min(max(0, header[1] - _FILE.size), MOST_OBJECT_BYTES))
    rows, reader = Rows(source), _Reader(source, stream)
    start, count = _seconds(header[14:22]), 0
    for count, (kind, version, body) in enumerate(reader.objects(), 1):
        _take(rows, kind, version, body, start, count)
    expected = header[12]
    if reader.cut or expected > count:
        there = f"{count:,} of {expected:,} objects are there" if expected > count else f"{count:,} objects are there"
        rows.notices.append(f"cut short: {there}; what follows is lost")
    return rows.records()


def _seconds(fields: tuple[int, ...]) -> float:
    """Of a SYSTEMTIME, which has the weekday third; 0 where it is none."""
    year, month, _, day, hour, minute, second, milli = fields
    try:
        return datetime(year, month, day, hour, minute, second, milli * 1000, UTC).timestamp()
    except ValueError:
        return 0.0


class _Reader:
    """Objects, whether in containers or not.

    Attributes:
        cut: whether the file ends within an object.
    """

    def __init__(self, source: Source, stream: BinaryIO) -> None:
        self.cut, self._source, self._stream, self._count = False, source, stream, 0
        # Bytes of the object that goes on in the next container: not joined before they are there.
        self._needed = _BASE.size
        self._packed = self._unpacked_bytes = 0

    def objects(self) -> Iterator[_Object]:
        """Type, header version and what follows the base header of each object that is no container."""
        pieces, have = [b""], 0
        for kind, version, body in self._top():
            if kind == _CONTAINER_TYPE:
                pieces.append(self._unpacked(body))
                have += len(pieces[-1])
                if have >= self._needed:
                    pieces = [(yield from self._inner(b"".join(pieces)))]
                    have = len(pieces[0])
            elif kind != _RESTORE_POINT:
                yield kind, version, body
        self.cut |= have >= _BASE.size

    def _top(self) -> Iterator[_Object]:
        while head := self._stream.read(_BASE.size):
            self._count += 1
            if not head.strip(b"\0"):
                continue
            if len(head) < _BASE.size:
                self.cut = True
                return
            kind, version, size = self._base(head, 0)
            body = self._stream.read(size - _BASE.size)
            if len(body) < size - _BASE.size:
                self.cut = True
                # A container that is cut short still gives what is whole in it.
                if kind == _CONTAINER_TYPE and len(body) > _CONTAINER.size:
                    yield kind, version, body
                return
            self._stream.read(size % 4)
            yield kind, version, body

    def _inner(self, data: bytes) -> Generator[_Object, None, bytes]:
        """Objects of a container; returns the start of one that the next container goes on with."""
        at, self._needed = 0, _BASE.size
        while len(data) - at >= _BASE.size:
            found = data.find(_OBJECT, at, at + 8)
            if found < 0:
                self._source.fail(max(1, self._count), "no object where one should begin: the file is damaged")
            self._count += 1
            if len(data) - found < _BASE.size:
                break
            kind, version, size = self._base(data, found)
            if len(data) - found < size:
                self._needed = found - at + size
                break
            yield kind, version, data[found + _BASE.size : found + size]
            at = found + size
        return data[at:]

    def _base(self, data: bytes, at: int) -> tuple[int, int, int]:
        signature, _, version, size, kind = _BASE.unpack_from(data, at)
        if signature != _OBJECT or not _BASE.size <= size <= MOST_OBJECT_BYTES:
            self._source.fail(max(1, self._count), f"an object of {size} bytes, or none: the file is damaged")
        return kind, version, size

    def _unpacked(self, body: bytes) -> bytes:
        if len(body) < _CONTAINER.size:
            self._source.fail(max(1, self._count), "a container without content: the file is damaged")
        method, _ = _CONTAINER.unpack_from(body)
        packed = body[_CONTAINER.size :]
        if method == _PLAIN:
            return packed
        if method != _DEFLATED:
            self._source.fail(max(1, self._count), f"packed by method {method}; known are {_PLAIN} and {_DEFLATED}")
        try:
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(packed, MOST_OBJECT_BYTES)
        except zlib.error as error:
            self._source.fail(max(1, self._count), f"a damaged container: {error}; copy the file anew")
        self.cut |= not unpacker.eof and not unpacker.unconsumed_tail
        if unpacker.unconsumed_tail:
            self._source.fail(max(1, self._count), f"a container of more than {MOST_OBJECT_BYTES:,} bytes")
        self._packed, self._unpacked_bytes = self._packed + len(packed), self._unpacked_bytes + len(data)
        self._source.must_not_swell(self._packed, self._unpacked_bytes)
        return data


def _take(rows: Rows, kind: int, version: int, body: bytes, start: float, number: int) -> None:
    """One object as a frame, if it is one."""
    if kind in _ERROR_TYPES:
        rows.skipped["error"] += 1
    elif kind not in (*_CLASSIC_TYPES, _FD_TYPE, _FD64_TYPE) or version not in _TIMES:
        rows.skipped["other"] += 1
    else:
        times = _TIMES[version]
        try:
            flags, ticks = times.unpack_from(body)
            bus, identifier, remote, data = _frame(rows.source, kind, body, times.size, number)
        except struct.error:
            rows.source.fail(number, "a frame that is cut short: the file is damaged")
        time = start + ticks / (1e5 if flags == _TEN_MICROSECONDS else 1e9)
        if remote:
            rows.skipped["remote"] += 1
        else:
            rows.add(time, identifier & _IDENTIFIER, data, number, b"%d" % bus)


def _frame(source: Source, kind: int, body: bytes, at: int, number: int) -> tuple[int, int, bool, bytes]:
    """Bus, identifier, whether it is a remote frame, and data, of a frame that begins at byte `at`."""
    if kind in _CLASSIC_TYPES:
        bus, flags, code, identifier, data = _CLASSIC.unpack_from(body, at)
        remote = bool(flags & _REMOTE)
        return bus, identifier, remote, b"" if remote else data[: data_length(code, source, number)]
    if kind == _FD_TYPE:
        bus, flags, _, identifier, _, _, size, data = _FD.unpack_from(body, at)
        return bus, identifier, bool(flags & _REMOTE), data[:size]
    bus, _, size, identifier, flags, further = _FD64.unpack_from(body, at)
    # Further data begin at a place that counts from the object's own beginning.
    end = further - _BASE.size if further else len(body)
    return bus, identifier, bool(flags & _REMOTE64), body[at + _FD64.size : end][:size].ljust(size, b"\0")
