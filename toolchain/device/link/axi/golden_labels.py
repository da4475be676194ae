"""The package's golden vectors: inputs, and the class that every stage of the build gave for each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from toolchain.device.link.protocol import ProtocolError, bench_checksum, pack_vector
from toolchain.errors import BuildError


class Golden:
    """Vectors and labels, read from `vectors.json` and the files it names.

    Args:
        described: content of `vectors.json`.
        packed: all vectors, one after the other.
        labels: a byte each.
    """

    def __init__(self, described: Mapping[str, Any], packed: bytes, labels: bytes) -> None:
        self.described, self.labels = described, labels
        self.count: int = described["count"]
        self._packed, self._size = packed, described["vector_bytes"]

    def vector(self, index: int) -> bytes:
        """One packed vector."""
        return self._packed[index * self._size : (index + 1) * self._size]

    def vectors(self, count: int) -> list[bytes]:
        """The first packed vectors."""
        return [self.vector(index) for index in range(min(count, self.count))]

    def pack(self, values: Iterable[int]) -> bytes:
        """A packed vector of the network's inputs.

        Raises:
            BuildError: a value outside the inputs' type, or another number of them.
        """
        elements = list(values)
        if len(elements) != self.described["elements"]:
            raise BuildError(f"{len(elements)} inputs; the network takes {self.described['elements']}")
        try:
            return pack_vector(elements, self.described["element_type"])
        except ProtocolError as error:
            raise BuildError(str(error)) from error

    def class_name(self, label: int) -> str:
        """Name of a class."""
        classes = self.described["classes"]
        return str(classes[label]) if label < len(classes) else "no such class"

    def bench_checksum(self, stored: int, inferences: int) -> int:
        """What `bench` must return over the first stored vectors."""
        return bench_checksum(list(self.labels[:stored]), inferences)


def read_golden(folder: Path) -> Golden:
    """The golden vectors of a package.

    Raises:
        BuildError: a file is missing or does not fit the others.
    """
    try:
        described = json.loads((folder / "vectors.json").read_text())
        packed = (folder / described["vectors"]).read_bytes()
        labels = (folder / described["labels"]).read_bytes()
        whole = len(packed) == described["count"] * described["vector_bytes"] and len(labels) == described["count"]
    except (OSError, ValueError, KeyError) as error:
        raise BuildError(f"{folder}: golden vectors cannot be read ({error}); copy the package again") from error
    if not whole:
        raise BuildError(f"{folder}: vectors.json does not fit its files; copy the package again")
    return Golden(described, packed, labels)
