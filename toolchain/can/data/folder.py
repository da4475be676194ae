"""A folder of captures becomes one table of labelled frames, with the origin of every frame."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolchain.can.data import sidecar
from toolchain.can.data.attacks import CLASSES, MEND, NORMAL, class_from_name
from toolchain.can.data.frames import Bytes, Frames, concatenate
from toolchain.can.data.readers import KNOWN, Reader, find_reader, read_capture
from toolchain.can.data.readers.limits import MOST_CAPTURES, MOST_FRAMES_TOGETHER
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.source import Source, list_sources
from toolchain.can.data.truth import buses_notice, by_bus, is_beside, known_labels
from toolchain.errors import DataError
from toolchain.files import sha256


@dataclass(frozen=True)
class Capture:
    """Where one capture's frames came from.

    Attributes:
        name: path relative to the data folder; ``!`` stands before a zip member, ``:`` before one of several buses.
        sha256: of the file on disk (of the zip file, for a member).
        format: title of its reader.
        frames: number of frames.
        attacks: injected frames by class.
    """

    name: str
    sha256: str
    format: str
    frames: int
    attacks: Mapping[str, int]


# A capture's frames, and where they came from.
_Part = tuple[Frames, Capture]


@dataclass(frozen=True)
class Folder:
    """Everything read from a folder."""

    frames: Frames
    captures: tuple[Capture, ...]
    notices: tuple[str, ...]


def read_folder(data: Path) -> Folder:
    """Read all captures below a folder; `data` may also be a single capture.

    Raises:
        DataError: no capture, no attack, or an empty, truncated, malformed or mislabelled capture.
    """
    sources = list_sources(data)
    _require_logs([s for s in sources if s.name.endswith(sidecar.SUFFIX)])
    readers = {s: find_reader(s) for s in sources if not is_beside(s.name)}
    home = Path(os.path.realpath(data if data.is_dir() else data.parent)).name
    parts, notices = _read_all(data, [(s, reader) for s, reader in readers.items() if reader], home)
    if not parts:
        raise DataError(f"{data}: no CAN capture in it; formats that can be read: {KNOWN}")
    frames = concatenate([table for table, _ in parts])
    _require_attacks(data, frames)
    ignored = [f"{s.name}: ignored, not a capture" for s, reader in readers.items() if not reader]
    return Folder(frames, tuple(capture for _, capture in parts), (*ignored, *notices))


def _read_all(data: Path, sources: list[tuple[Source, Reader]], home: str) -> tuple[list[_Part], list[str]]:
    """The captures of all sources, and notices."""
    parts: list[_Part] = []
    notices: list[str] = []
    # Once for all members of a zip.
    digests = {path: sha256(path) for path in {source.path for source, _ in sources}}
    for source, reader in sources:
        some, said = _read(source, reader, home, digests[source.path])
        parts += some
        notices += said
        if sum(len(table) for table, _ in parts) > MOST_FRAMES_TOGETHER or len(parts) > MOST_CAPTURES:
            most = f"{MOST_FRAMES_TOGETHER:,} frames or {MOST_CAPTURES:,} captures"
            raise DataError(f"{data}: more than {most} in all; train on fewer")
    return parts, notices


def _read(source: Source, reader: Reader, home: str, digest: str) -> tuple[list[_Part], list[str]]:
    """A capture for each bus of a source."""
    records = read_capture(source, reader)
    tables = by_bus(source.name, records, _labels(source, records, home))
    parts = [
        (table, Capture(table.captures[0], digest, reader.TITLE, len(table), _attacks(table.label))) for table in tables
    ]
    said = [f"{source.name}: {notice}" for notice in (*records.notices, *buses_notice(records))]
    return parts, said + _absent(source, any(capture.attacks for _, capture in parts))


def _attacks(label: Bytes) -> dict[str, int]:
    counts = np.bincount(label, minlength=len(CLASSES))
    return {name: int(n) for name, n in zip(CLASSES[1:], counts[1:], strict=True) if n}


def _absent(source: Source, attacked: bool) -> list[str]:
    """A notice where the capture is named after an attack that it does not hold."""
    named = class_from_name(source.name)
    if named in (None, "normal") or attacked:
        return []
    return [f"{source.name}: named {named} but holds no injected frame"]


def _labels(source: Source, records: Records, home: str) -> Bytes:
    """Labels from the sidecar, else from the injected flags and the capture's name.

    The data folder's own name, `home`, counts last, and only where the capture has flags.
    """
    label = known_labels(source, records, home)
    if label is not None:
        return label
    if records.injected is None:
        _require_unnamed(source, class_from_name(source.name))
        return np.full(len(records), NORMAL, np.uint8)
    line = int(records.line[np.argmax(records.injected)])
    source.fail(line, f"an injected frame in a capture of no known attack; {MEND}")


def _require_unnamed(source: Source, named: str | None) -> None:
    if named not in (None, "normal"):
        raise DataError(
            f"{source.label}:1: named {named}, but this format carries no labels; write the "
            f"attack's intervals into {source.path.name}{sidecar.SUFFIX}, "
            "or rename the log if it is normal"
        )


def _require_logs(sidecars: list[Source]) -> None:
    for beside in sidecars:
        log = beside.path.with_name(beside.path.name.removesuffix(sidecar.SUFFIX))
        if not log.is_file():
            raise DataError(f"{beside.label}: labels of {log.name}, which is not there; add the log")


def _require_attacks(data: Path, frames: Frames) -> None:
    if not (frames.label != NORMAL).any():
        raise DataError(
            f"{data}: no attack in {len(frames.captures)} captures ({len(frames)} frames); "
            "add a capture with injected frames"
        )
