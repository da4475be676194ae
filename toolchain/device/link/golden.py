"""The package's golden vectors: inputs, and the answer that every stage of the build gave to each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from toolchain.device.link.answers import Values, label_of
from toolchain.device.link.protocol import AnswerLayout, ProtocolError, pack_vector
from toolchain.errors import BuildError

VECTORS_FORMAT = 2
"""Version of `vectors.json`, and of the files that it describes."""
_SHOWN = 16


class Golden:
    """Vectors and answers, read from `vectors.json` and the files it names.

    Args:
        described: content of `vectors.json`.
        packed: all vectors, one after the other.
        answers: all answers, as `layout` has them.
        played: the answer to the first part of vector 0, over and over, in bytes: what a bench of a board of the host
            link's streamed form plays; empty for all others.

    Attributes:
        layout: how an answer lies in bytes, and what it is.
    """

    def __init__(self, described: Mapping[str, Any], packed: bytes, answers: bytes, played: bytes = b"") -> None:
        self._played = played
        self.described, self.layout = described, AnswerLayout(**described["answer"])
        self.count: int = described["count"]
        self._packed, self._size, self._answers = packed, described["vector_bytes"], answers

    @property
    def classes(self) -> Optional[Sequence[str]]:  # noqa: UP045 (Python 3.8)
        """Names of the classes that answers tell; None where they tell none."""
        return self.described["classes"]  # type: ignore[no-any-return]

    def with_answers(self, answers: bytes, played: bytes = b"") -> Golden:
        """The same vectors with other answers, as many of the first ones as there are; arguments as in `Golden`."""
        return Golden(self.described, self._packed, answers, played)

    @property
    def answers_bytes(self) -> bytes:
        """All answers, and behind them that to what a bench of the streamed form plays, where there is one."""
        return self._answers + self._played

    def vector(self, index: int) -> bytes:
        """One packed vector."""
        return self._packed[index * self._size : (index + 1) * self._size]

    def vectors(self, count: int) -> list[bytes]:
        """The first packed vectors."""
        return [self.vector(index) for index in range(min(count, self.count))]

    def answer(self, index: int) -> Values:
        """The right answer to a vector."""
        return self.layout.decode(self._bytes_of(index))

    def answers(self, count: int) -> list[Values]:
        """The right answers to the first vectors."""
        return [self.answer(index) for index in range(min(count, self.count))]

    @property
    def played(self) -> Optional[Values]:  # noqa: UP045 (Python 3.8)
        """The right answer to what a bench of the streamed form plays; None where boards have another form."""
        return self.layout.decode(self._played) if self._played else None

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

    def label(self, values: Sequence[int]) -> Optional[int]:  # noqa: UP045 (Python 3.8)
        """The class that an answer tells: itself, or the first greatest score; None where there are no classes."""
        return None if self.classes is None else label_of(values)

    def class_name(self, label: int) -> str:
        """Name of a class."""
        classes = self.classes or ()
        return str(classes[label]) if 0 <= label < len(classes) else "no such class"

    def told(self, values: Sequence[int]) -> str:
        """An answer for people, such as ``class 3 (walk)``; of scores, the class and the scores."""
        label, many = self.label(values), len(values) - _SHOWN
        words = [] if label is None else [f"class {label} ({self.class_name(label)})"]
        if not self.layout.classes:
            words.append(" ".join(map(str, values[:_SHOWN])) + (f" and {many} more" if many > 0 else ""))
        return ": ".join(words)

    def _bytes_of(self, index: int) -> bytes:
        return self._answers[index * self.layout.size : (index + 1) * self.layout.size]


def read_golden(folder: Path) -> Golden:
    """The golden vectors of a package.

    Raises:
        BuildError: they are of another version, a file is missing or does not fit the others.
    """
    try:
        described = json.loads((folder / "vectors.json").read_text())
        _must_be_of_this_version(folder, described)
        packed = (folder / described["vectors"]).read_bytes()
        answers = (folder / described["answers"]).read_bytes()
        played = (folder / described["played"]).read_bytes() if described.get("played") else b""
        golden = Golden(described, packed, answers, played)
        sizes = described["vector_bytes"], golden.layout.size
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{folder}: golden vectors cannot be read ({error}); copy the package again") from error
    whole = tuple(described["count"] * size for size in sizes)
    if (len(packed), len(answers)) != whole or len(played) not in (0, sizes[1]):
        raise BuildError(f"{folder}: vectors.json does not fit its files; copy the package again")
    return golden


def _must_be_of_this_version(folder: Path, described: Mapping[str, Any]) -> None:
    if described.get("format") != VECTORS_FORMAT:
        raise BuildError(
            f"{folder}/vectors.json: format: {described.get('format')}: should be {VECTORS_FORMAT}; "
            f"the package is of another version, build it again"
        )
