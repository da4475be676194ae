"""Where captures come from: files of a folder, plain, gzipped, or members of a zip."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from toolchain.errors import DataError

# What reading a damaged container raises.
BROKEN = (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)

_HEAD_BYTES = 4096


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
    def open(self) -> Iterator[BinaryIO]:
        """The uncompressed stream.

        Raises:
            DataError: the file or its container is damaged, at opening or while it is read.
        """
        try:
            with self._raw() as raw:
                yield raw
        except BROKEN as error:
            reason = str(error) or type(error).__name__
            raise DataError(f"{self.label}: cannot be read: {reason}; copy it anew") from error

    @contextmanager
    def _raw(self) -> Iterator[BinaryIO]:
        if self.member is not None:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as stream:
                yield cast(BinaryIO, stream)
        elif _magic(self.path) == b"\x1f\x8b":
            with gzip.open(self.path) as packed:
                yield cast(BinaryIO, packed)
        else:
            with self.path.open("rb") as plain:
                yield cast(BinaryIO, plain)

    def head(self) -> bytes:
        """The first bytes of the uncompressed stream, enough to tell its format."""
        with self.open() as stream:
            return stream.read(_HEAD_BYTES)

    def fail(self, line: int, problem: str) -> NoReturn:
        """Raise a DataError that names this source and a line."""
        raise DataError(f"{self.label}:{line}: {problem}")


def list_sources(data: Path) -> list[Source]:
    """All streams below a folder (or in one file), by name; hidden files are left out.

    Raises:
        DataError: there is no such folder, or a zip file is damaged.
    """
    if not data.exists():
        raise DataError(f"{data}: no such folder; DATA must name a folder with CAN captures")
    root = data if data.is_dir() else data.parent
    files = (p for p in data.rglob("*") if p.is_file()) if data.is_dir() else iter([data])
    visible = (p for p in files if not _hidden(p.relative_to(root).as_posix()))
    sources = (s for path in visible for s in _expand(path, path.relative_to(root).as_posix()))
    return sorted(sources, key=lambda s: s.name)


def _expand(path: Path, name: str) -> list[Source]:
    if _magic(path) != b"PK":
        return [Source(name, path)]
    try:
        with zipfile.ZipFile(path) as archive:
            members = [i.filename for i in archive.infolist() if not i.is_dir()]
    except BROKEN as error:
        raise DataError(f"{path}: damaged zip file: {error}; copy it anew") from error
    return [Source(f"{name}!{m}", path, m) for m in members if not _hidden(m)]


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(2)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def text_stream(stream: BinaryIO) -> CountedText:
    """The stream as UTF-8 text that knows its current line; a leading BOM is dropped."""
    return CountedText(stream, encoding="utf-8-sig", errors="backslashreplace")


class CountedText(io.TextIOWrapper):
    """Text that counts the lines handed out, for error messages."""

    line = 0

    # Iteration calls readline too, in subclasses.
    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        """The next line, or an empty string at the end."""
        text = super().readline(size)
        self.line += bool(text)
        return text
