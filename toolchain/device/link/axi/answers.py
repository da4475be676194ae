"""What a board answers. The meanings are those of docs/host-link.md, whatever the link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

# Optional[...] and no `|`: typing.NamedTuple reads its fields' types at run time, and boards run Python 3.8.


class Identity(NamedTuple):
    """What the board is. `source` says who claims it: the `chip` itself, or only the package's `manifest`."""

    model_hash: bytes
    build_id: bytes
    vector_bytes: int
    classes: int
    clock_hz: int
    bench_vectors: int
    source: str


class Inference(NamedTuple):
    """One class, and the clock cycles from first input beat to class; None where the chip does not count them."""

    label: int
    cycles: Optional[int]  # noqa: UP045


class Bench(NamedTuple):
    """N inferences of the stored vectors: last class, clock cycles of the run, CRC-32 of all classes, seconds.

    `cycles` is counted by the chip (None where it does not), `seconds` by the host around the whole call.
    """

    inferences: int
    label: int
    cycles: Optional[int]  # noqa: UP045
    checksum: int
    seconds: float


class Counters(NamedTuple):
    """Events since configuration, modulo 2**32; None where nobody counts them."""

    inferences: int
    requests: Optional[int]  # noqa: UP045
    damaged: Optional[int]  # noqa: UP045
    refused: Optional[int]  # noqa: UP045
    bus_errors: Optional[int]  # noqa: UP045


def argmax(logits: Sequence[int]) -> int:
    """Index of the largest logit, the first of equal ones, as in every stage."""
    return max(range(len(logits)), key=logits.__getitem__)
