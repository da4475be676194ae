"""A board as every driver and every check sees it, and the one comparison of what chips answer, whatever the link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from toolchain.device.link.axi.answers import Bench, Counters, Identity, Inference
from toolchain.device.link.protocol import bench_checksum


class Board(Protocol):
    """An opened board: `serial_link.SerialBoard`, `axi.opening.Board`."""

    def identify(self) -> Identity:
        """What the board is."""

    def infer(self, vector: bytes) -> Inference:
        """Class of one packed vector."""

    def infer_many(self, vectors: list[bytes]) -> list[int]:
        """Classes of many packed vectors."""

    def bench(self, inferences: int, seconds: float = 60.0) -> Bench:
        """Run that many inferences of the stored vectors."""

    def counters(self) -> Counters:
        """Events since configuration."""


class Difference(NamedTuple):
    """One figure that is not what it should be."""

    name: str
    expected: Any
    got: Any


def differences(answer: object, right: Mapping[str, object]) -> list[Difference]:
    """Figures of an answer that are not as they should be, in the order of `right`.

    An answer that has no such figure, since it never came or is of another kind, stands for all that it lacks.
    """
    pairs = ((name, value, getattr(answer, name, answer)) for name, value in right.items())
    return [Difference(name, value, got) for name, value, got in pairs if got != value]


def wrong_labels(answered: Sequence[object], right: Iterable[int]) -> list[int]:
    """Indices of answered classes that are not the right ones; one that has no counterpart is wrong, too."""
    expected = list(right)[: len(answered)]
    wrong = [index for index, label in enumerate(expected) if answered[index] != label]
    return [*wrong, *range(len(expected), len(answered))]


def bench_answer(stored: Sequence[int], inferences: int) -> dict[str, int]:
    """What a bench must answer: its last class, and the CRC-32 of all.

    Args:
        stored: the right class of each stored vector, one or more.
    """
    return {"label": stored[(inferences - 1) % len(stored)], "checksum": bench_checksum(list(stored), inferences)}
