"""What a board answers. The meanings are those of docs/host-link.md, whatever the link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional, Tuple  # noqa: UP035 (Python 3.8)

from toolchain.device.link.protocol import AnswerLayout

# Optional[...] and Tuple[...]: typing.NamedTuple reads its fields' types at run time, and boards run Python 3.8.

Values = Tuple[int, ...]  # noqa: UP006
"""One answer: its elements, or a class as the one element."""


class Identity(NamedTuple):
    """What the board is.

    Attributes:
        answer: what it answers with, and how that lies in bytes.
        source: who claims all this: the `chip` itself, or only the package's `manifest`.
        input_type: qonnx type of an input's elements; None where the link does not tell.
        input_shape, output_shape: without the batch, channels last; None where the link does not tell.
    """

    model_hash: bytes
    build_id: bytes
    vector_bytes: int
    answer: AnswerLayout
    clock_hz: int
    bench_vectors: int
    source: str
    input_type: Optional[str] = None  # noqa: UP045
    input_shape: Optional[Values] = None  # noqa: UP045
    output_shape: Optional[Values] = None  # noqa: UP045


class Inference(NamedTuple):
    """One answer, and the clock cycles from first input beat to its last; None where the chip does not count them."""

    values: Values
    cycles: Optional[int]  # noqa: UP045

    @property
    def label(self) -> int:
        """The class; of a vector of scores, that of the first greatest."""
        return label_of(self.values)


class Bench(NamedTuple):
    """N inferences of the stored vectors: last answer, clock cycles of the run, CRC-32 of all answers, seconds.

    `cycles` is counted by the chip (None where it does not), `seconds` by the host around the whole call.
    """

    inferences: int
    values: Values
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


def label_of(values: Sequence[int]) -> int:
    """The class that an answer tells: its one element, or the index of the first greatest, as in every stage."""
    return values[0] if len(values) == 1 else argmax(values)


def argmax(scores: Sequence[int]) -> int:
    """Index of the greatest score, the first of equal ones, as in every stage."""
    return max(range(len(scores)), key=scores.__getitem__)
