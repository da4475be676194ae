"""How windows of CAN frames were made and of what: the provenance of such a data set, as its record holds it."""

from __future__ import annotations

from collections.abc import Mapping

from toolchain.results.model import Record


class Capture(Record):
    """Where one capture's frames came from: `attacks` counts injected frames by class."""

    name: str
    sha256: str
    format: str
    frames: int
    attacks: Mapping[str, int]


class WindowsProvenance(Record):
    """Windows of so many frames, in an encoding of `toolchain.can.data.windows`, split by a seed."""

    encoding: str
    window: int
    seed: int
    captures: tuple[Capture, ...]
