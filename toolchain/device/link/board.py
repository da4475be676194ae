"""A board as every driver and every check sees it, and the one comparison of what chips answer, whatever the link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, List, NamedTuple, Optional, Protocol  # noqa: UP035 (Python 3.8)

from toolchain.device.link.answers import Bench, Counters, Identity, Inference, Values
from toolchain.device.link.golden import Golden
from toolchain.device.link.protocol import AnswerLayout, bench_checksum
from toolchain.device.link.stages import Decided, decided_in_bench
from toolchain.device.packed import PackedIdentity
from toolchain.errors import VerificationError


class Board(Protocol):
    """An opened board: `serial_link.SerialBoard`, `axi.opening.Board`."""

    def identify(self) -> Identity:
        """What the board is."""

    def infer(self, vector: bytes) -> Inference:
        """The answer to one packed vector."""

    def infer_many(self, vectors: list[bytes]) -> list[Values]:
        """The answers to many packed vectors."""

    def play(self, vector: bytes) -> None:
        """Have benches run this packed vector, where the board stores none."""

    def bench(self, inferences: int, seconds: float = 60.0) -> Bench:
        """Run that many inferences of the stored vectors; where none are stored, of the one inferred last."""

    def counters(self) -> Counters:
        """Events since configuration."""


class Difference(NamedTuple):
    """One figure that is not what it should be."""

    name: str
    expected: Any
    got: Any


class WrongAnswer(NamedTuple):
    """A vector whose answer is not the right one, and the first element that differs; None stands for what lacks."""

    vector: int
    element: int
    expected: Any
    got: Any


def differences(answer: object, right: Mapping[str, object]) -> list[Difference]:
    """Figures of an answer that are not as they should be, in the order of `right`.

    An answer that has no such figure, since it never came or is of another kind, stands for all that it lacks.
    """
    pairs = ((name, value, getattr(answer, name, answer)) for name, value in right.items())
    return [Difference(name, value, got) for name, value, got in pairs if got != value]


def must_be(identity: Identity, packed: PackedIdentity, name: str) -> None:
    """Refuse a board that answers as another model or build than the package's.

    Args:
        packed: the manifest's `identity`: hexadecimal `model_hash` and `build_id`.
        name: how the board is reached, for the message.

    Raises:
        VerificationError: it is another one.
    """
    right = {"model_hash": bytes.fromhex(packed["model_hash"]), "build_id": bytes.fromhex(packed["build_id"])}
    for key, expected, answered in differences(identity, right):
        raise VerificationError(
            f"{name}: {key}: the board answers {answered.hex()}, the package has {expected.hex()}; load the "
            f"package's bitstream, as its README.md says"
        )


def wrong_answers(answered: Sequence[object], right: Iterable[Values]) -> list[WrongAnswer]:
    """The answers that are not the right ones; one that has no counterpart is wrong, too.

    Args:
        answered: whole answers; what is no answer at all stands for the first element.
    """
    expected = list(right)[: len(answered)]
    missing = len(answered) - len(expected)
    pairs = zip([*expected, *[()] * missing], answered)  # noqa: B905 (Python 3.8)
    return [_first_wrong(index, *pair) for index, pair in enumerate(pairs) if pair[0] != pair[1] or not pair[0]]


def _first_wrong(vector: int, right: Values, got: object) -> WrongAnswer:
    if not isinstance(got, tuple):
        return WrongAnswer(vector, 0, right[0] if right else None, got)
    for element in range(max(len(right), len(got), 1)):
        sides = [side[element] if element < len(side) else None for side in (right, got)]
        if sides[0] != sides[1]:
            break
    return WrongAnswer(vector, element, *sides)


class Played(NamedTuple):
    """What a bench plays: the right answer to each vector, and the board's own where it was asked before, else none."""

    right: List[Values]  # noqa: UP006 (Python 3.8)
    said: List[Values]  # noqa: UP006

    def decided(self, stages: Sequence[int], inferences: int) -> Optional[Decided]:  # noqa: UP045 (Python 3.8)
        """How many inferences of a bench each stage answers; None where the network has one, or nothing was asked."""
        return decided_in_bench(self.said, self.right, stages, inferences) if stages and self.said else None


def play(board: Board, golden: Golden, stored: int, stages: Sequence[int] = ()) -> Played:
    """Have the board hold what its next benches play.

    Args:
        stored: how many vectors it stores; of one that stores none, golden vector 0 is inferred for that; of the
            streamed form, its first part is told.
        stages: of a network that decides; each vector is then inferred, to see where it stops.
    """
    if golden.played is not None:
        board.play(golden.vector(0))
        return Played([golden.played], [])
    asked = golden.vectors(inferred_before(golden, stored, stages))
    return Played(golden.answers(stored or 1), [board.infer(vector).values for vector in asked])


def what_is_played(golden: Golden) -> str:
    """What a bench plays of a board that stores no vectors, in words."""
    if golden.played is None:
        return "golden vector 0, which the board holds"
    return "the first part of golden vector 0, over and over"


def inferred_before(golden: Golden, stored: int, stages: Sequence[int] = ()) -> int:
    """How many inferences `play` asks for."""
    if golden.played is not None:
        return 0
    return stored or 1 if stages else int(not stored)


def bench_differences(bench: Bench, layout: AnswerLayout, played: Sequence[Values]) -> list[Difference]:
    """What is wrong with a bench's last answer, where the board tells it, and with its checksum."""
    right = bench_answer(layout, played, bench.inferences)
    return differences(bench, right._asdict() if bench.values else {"checksum": right.checksum})


class BenchAnswer(NamedTuple):
    """What a bench must answer: its last answer, and the CRC-32 of all."""

    values: Values
    checksum: int


def bench_answer(layout: AnswerLayout, played: Sequence[Values], inferences: int) -> BenchAnswer:
    """The right answer of a bench.

    Args:
        played: the right answer to each vector that it plays, one or more.
    """
    last = played[(inferences - 1) % len(played)]
    return BenchAnswer(last, bench_checksum([layout.encode(values) for values in played], inferences))
