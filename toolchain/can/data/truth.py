"""What is known of a capture's frames: their classes, and which bus each was on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from toolchain.can.data import sidecar
from toolchain.can.data.attacks import NORMAL, class_from_name, class_index
from toolchain.can.data.frames import Bytes, Frames, one_capture
from toolchain.can.data.readers.columns import is_columns_file
from toolchain.can.data.readers.records import Records
from toolchain.can.data.readers.source import Source
from toolchain.errors import DataError


def is_beside(name: str) -> bool:
    """Whether a file of this name describes a capture and is none itself."""
    return name.endswith(sidecar.SUFFIX) or is_columns_file(name)


def known_labels(source: Source, records: Records, home: str) -> Bytes | None:
    """Class of each frame, uint8 (n,), from its flags and the capture's name, or the sidecar; None where nothing tells.

    Args:
        home: name of the folder, which counts last.

    Raises:
        DataError: the sidecar is malformed, or its times mean nothing for this capture.
    """
    beside = sidecar.sidecar_of(source.path)
    if records.injected is None:
        return _from_sidecar(beside, records) if source.member is None and beside.is_file() else None
    attack = records.attack or class_from_name(source.name) or class_from_name(home)
    if attack in (None, "normal") and records.injected.any():
        return None
    given = np.uint8(NORMAL) if records.label is None else records.label
    return np.where(records.injected, class_index(attack or "normal"), given).astype(np.uint8)


def _from_sidecar(beside: Path, records: Records) -> Bytes:
    if not records.timed:
        raise DataError(f"{beside}: intervals of seconds, but the capture has no times; record it with times")
    return sidecar.apply(sidecar.read_sidecar(beside), records)


def by_bus(name: str, records: Records, label: Bytes) -> list[Frames]:
    """The frames of each bus as a capture of its own: what is on another bus says nothing of this one."""
    columns = (records.time, records.identifier, records.length, records.payload, label)
    if len(records.buses) == 1 or records.bus is None:
        return [one_capture(name, *columns)]
    rows = [records.bus == bus for bus in range(len(records.buses))]
    return [
        one_capture(f"{name}:{bus}", *(column[mine] for column in columns))
        for bus, mine in zip(records.buses, rows, strict=True)
    ]


def buses_notice(records: Records, chosen: str | None = None) -> list[str]:
    """A notice where a capture is of several buses, of which one may have been `chosen`."""
    if len(records.buses) == 1:
        return []
    how = "each by itself" if chosen is None else f"of which {chosen} alone is watched"
    return [f"{len(records.buses)} buses ({', '.join(records.buses[:8])}), {how}"]
