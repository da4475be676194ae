"""A folder of captures becomes one table of labelled frames, with the origin of every frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from toolchain.errors import DataError
from toolchain.record import sha256
from toolchain.training.can import sidecar
from toolchain.training.can.attacks import CLASSES, MEND, NORMAL, class_from_name, class_index
from toolchain.training.can.frames import Bytes, Frames, concatenate, one_capture
from toolchain.training.can.readers import KNOWN, find_reader, read_capture
from toolchain.training.can.readers.records import Records
from toolchain.training.can.readers.source import Source, list_sources


@dataclass(frozen=True)
class Capture:
    """Where one capture's frames came from.

    Attributes:
        name: path relative to the data folder; ``!`` stands before a zip member.
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
    sidecars = [s for s in sources if s.name.endswith(sidecar.SUFFIX)]
    _require_logs(sidecars)
    readers = {s: find_reader(s) for s in sources if s not in sidecars}
    home = (data if data.is_dir() else data.parent).resolve().name
    read = [_read(s, reader, home) for s, reader in readers.items() if reader is not None]
    if not read:
        raise DataError(f"{data}: no CAN capture in it; formats that can be read: {KNOWN}")
    frames = concatenate([table for table, _, _ in read])
    _require_attacks(data, frames)
    ignored = [f"{s.name}: ignored, not a capture" for s, reader in readers.items() if not reader]
    notices = [notice for _, _, some in read for notice in some]
    return Folder(frames, tuple(capture for _, capture, _ in read), (*ignored, *notices))


def _read(source: Source, reader: ModuleType, home: str) -> tuple[Frames, Capture, list[str]]:
    records = read_capture(source, reader)
    label = _labels(source, records, home)
    counts = np.bincount(label, minlength=len(CLASSES))
    attacks = {name: int(n) for name, n in zip(CLASSES[1:], counts[1:], strict=True) if n}
    digest = sha256(source.path)
    capture = Capture(source.name, digest, reader.TITLE, len(records), attacks)
    columns = (records.time, records.identifier, records.length, records.payload)
    notices = [f"{source.name}: {notice}" for notice in records.notices]
    return one_capture(source.name, *columns, label), capture, notices + _absent(source, attacks)


def _absent(source: Source, attacks: Mapping[str, int]) -> list[str]:
    """A notice where the capture is named after an attack that it does not hold."""
    named = class_from_name(source.name)
    if named in (None, "normal") or attacks:
        return []
    return [f"{source.name}: named {named} but holds no injected frame"]


def _labels(source: Source, records: Records, home: str) -> Bytes:
    """Labels from the sidecar, else from the injected flags and the capture's name.

    The data folder's own name, `home`, counts last, and only where the capture has flags.
    """
    beside = sidecar.sidecar_of(source.path)
    named = class_from_name(source.name)
    if records.injected is None:
        if source.member is None and beside.is_file():
            return sidecar.apply(sidecar.read_sidecar(beside), records)
        _require_unnamed(source, named)
        return np.full(len(records), NORMAL, np.uint8)
    attack = records.attack or named or class_from_name(home)
    if attack in (None, "normal") and records.injected.any():
        line = int(records.line[np.argmax(records.injected)])
        source.fail(line, f"an injected frame in a capture of no known attack; {MEND}")
    return np.where(records.injected, class_index(attack or "normal"), NORMAL).astype(np.uint8)


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
