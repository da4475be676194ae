"""Where captures come from: files of a folder, plain, gzipped, or members of a zip."""

from __future__ import annotations

import gzip
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from toolchain.can.data.readers.limits import FREE_BYTES, MOST_BYTES, MOST_DENSE, MOST_FILES
from toolchain.can.data.readers.zip_size import directory_bytes
from toolchain.errors import DataError
from toolchain.files import why_absent

# What reading a damaged container raises.
BROKEN = (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)

_HEAD_BYTES = 4096

# Bytes of a zip's directory for each member, names of 200 characters and more included.
_MEMBER_BYTES = 512

# How many bytes on the disk some unpacked bytes took.
_Packed = Callable[[int], float]


@dataclass(frozen=True)
class Source:
    """One stream of bytes that may be a capture.

    Attributes:
        name: path relative to the data folder, ``/`` between components, ``!`` before a zip member.
        path: the file on disk.
        member: member of a zip file, else None.
    """

    name: str
    path: Path
    member: str | None = None

    @property
    def label(self) -> str:
        """The source as error messages name it."""
        return f"{self.path}!{self.member}" if self.member else str(self.path)

    @property
    def suffix(self) -> str:
        """Lower-case suffix of the uncompressed stream, such as ``.csv``."""
        name = self.member or self.path.name
        path = Path(name.lower())
        return path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix

    @contextmanager
    def open(self, told: Callable[[int], None] | None = None, limit: int | None = None) -> Iterator[Bounded]:
        """The uncompressed stream, `MOST_BYTES` at most, and not too dense: see `must_not_swell`.

        Args:
            told: learns how many bytes have been read.
            limit: bytes after which it ends; None reads all.

        Raises:
            DataError: the file or its container is damaged or too large, at opening or while it is read.
        """
        try:
            with self._raw() as (raw, packed):
                yield Bounded(raw, self, packed, told, limit)
        except BROKEN as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise DataError(f"{self.label}: cannot be read: {reason}; copy it anew") from error

    @contextmanager
    def _raw(self) -> Iterator[tuple[BinaryIO, _Packed]]:
        if self.member is not None:
            archive = _archive(self.path)
            info = archive.getinfo(self.member)
            share = info.compress_size / max(1, info.file_size)
            with archive.open(info) as stream:
                yield cast(BinaryIO, stream), lambda count: count * share
        elif _magic(self.path) == b"\x1f\x8b":
            with self.path.open("rb") as file, gzip.open(file) as unpacked:
                yield cast(BinaryIO, unpacked), lambda count: file.tell()
        else:
            with self.path.open("rb") as plain:
                yield cast(BinaryIO, plain), float

    def head(self) -> bytes:
        """The first bytes of the uncompressed stream, enough to tell its format."""
        with self.open() as stream:
            return stream.read(_HEAD_BYTES)

    def fail(self, line: int, problem: str) -> NoReturn:
        """Raise a DataError that names this source and a line."""
        raise DataError(f"{self.label}:{line}: {problem}")

    def must_not_swell(self, packed: float, unpacked: int) -> None:
        """Refuse what unpacks to far more than it takes: a small file could keep a reader busy for minutes.

        Args:
            packed, unpacked: bytes so far.

        Raises:
            DataError: it does.
        """
        if unpacked > FREE_BYTES + MOST_DENSE * packed:
            raise DataError(
                f"{self.label}: its first {int(packed) >> 10:,} KiB unpack to more than {unpacked >> 20:,} MiB, over "
                f"{MOST_DENSE} times as much, which captures do not; if it is one, give it unpacked (a BLF as text)"
            )


class Bounded:
    """A stream that may be read to `MOST_BYTES`: what a small file unpacks to is its author's choice.

    Attributes:
        cut: whether a packed file ended before its content does.
        ended: whether all of it has been read.
        lines: line ends so far.
        whole: bytes up to the last of them; `count`: all so far.
    """

    def __init__(
        self,
        stream: BinaryIO,
        source: Source,
        packed: _Packed,
        told: Callable[[int], None] | None,
        limit: int | None = None,
    ) -> None:
        self._stream, self._source, self._packed, self._told = stream, source, packed, told
        self._limit = MOST_BYTES + 1 if limit is None else limit
        self.cut = self.ended = False
        self.lines = self.whole = self.count = 0

    def read(self, size: int) -> bytes:
        """As of a file; fewer bytes only at the end."""
        wanted = min(size, self._limit - self.count)
        data = self._taken(wanted)
        self.ended |= len(data) < size
        self.lines += data.count(b"\n")
        self.whole = self.count + data.rfind(b"\n") + 1 if b"\n" in data else self.whole
        self.count += len(data)
        if self._told:
            self._told(self.count)
        self._source.must_not_swell(self._packed(self.count), self.count)
        if self.count > MOST_BYTES:
            raise DataError(f"{self._source.label}: more than {MOST_BYTES >> 30} GiB; cut the capture into several")
        return data

    def _taken(self, size: int) -> bytes:
        """So many bytes; of a packed file that was cut short, those before its end."""
        if not isinstance(self._stream, gzip.GzipFile):
            return self._stream.read(size)
        parts, missing = [], size
        try:
            # In pieces: what was unpacked before the end is lost in a longer reading.
            while missing and (part := self._stream.read1(missing)):
                parts.append(part)
                missing -= len(part)
        except EOFError:
            self.cut = True
        return b"".join(parts)


def list_sources(data: Path) -> list[Source]:
    """All streams below a folder (or in one file), by name; hidden files are left out.

    Raises:
        DataError: there is no such folder, a file is none, a link leads out of the folder, there are too many
            files, or a zip file is damaged.
    """
    if not data.exists():
        reason = why_absent(data, "folder")
        raise DataError(f"{data}: {reason}; DATA must name a folder with CAN captures")
    sources: list[Source] = []
    for path in _walk(data) if data.is_dir() else iter([data]):
        _must_be_a_file(path)
        sources += _expand(path, path.relative_to(data).as_posix() if data.is_dir() else path.name)
        if len(sources) > MOST_FILES:
            raise DataError(f"{data}: more than {MOST_FILES:,} files, members of zip files included; use fewer")
    return sorted(sources, key=lambda s: s.name)


def _walk(folder: Path) -> Iterator[Path]:
    """Files below a folder; a link that leads out of it would show what nobody put there."""

    def fail(error: OSError) -> NoReturn:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}")

    home = os.path.realpath(folder)
    for parent, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not _hidden(name)]
        for name in (*folders, *files):
            path = Path(parent, name)
            if path.is_symlink() and not os.path.realpath(path).startswith(os.path.join(home, "")):
                raise DataError(f"{path}: a link that leads out of {folder}; copy here what it points to")
        yield from (Path(parent, name) for name in files if not _hidden(name))


def _must_be_a_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(mode):
        raise DataError(f"{path}: neither a file nor a folder; captures are read from files")


def _expand(path: Path, name: str) -> list[Source]:
    if _magic(path) != b"PK":
        return [Source(name, path)]
    try:
        members = [i.filename for i in _archive(path).infolist() if not i.is_dir()]
    except BROKEN as error:
        raise DataError(f"{path}: damaged zip file: {error}; copy it anew") from error
    return [Source(f"{name}!{m}", path, m) for m in members if not _hidden(m)]


def _archive(path: Path) -> zipfile.ZipFile:
    """The zip file, its directory read once for all members."""
    facts = path.stat()
    return _open_archive(path, facts.st_ino, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=1)
def _open_archive(path: Path, *_: int) -> zipfile.ZipFile:
    if directory_bytes(path) > MOST_FILES * _MEMBER_BYTES:
        raise DataError(f"{path}: more than {MOST_FILES:,} members; unpack it and keep the captures")
    return zipfile.ZipFile(path)


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(2)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
