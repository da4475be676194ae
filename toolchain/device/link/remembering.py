"""Earlier answers, kept beside a board by its driver: the same input gets the same answer again, and the board rests.

Standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Callable, List, NamedTuple  # noqa: UP035 (Python 3.8)

from toolchain.device.link.answers import Values
from toolchain.device.packed import PackedManifest

DRIVER, CHIP = "driver", "chip"
"""Where a recipe has earlier answers kept."""

Ask = Callable[[List[bytes]], List[Values]]  # noqa: UP006
"""Gives the answers to packed vectors, in their order."""


class Uses(NamedTuple):
    """What came of a memory: answers that it has room for, inputs that came, and those whose answer was kept."""

    places: int
    asked: int
    recalled: int


class Memory:
    """Answers to the last inputs; an input is compared whole, and the least recently used answer goes.

    Args:
        places: answers at most; 0 keeps none.
    """

    def __init__(self, places: int = 0) -> None:
        self._places, self._asked, self._recalled = places, 0, 0
        self._known: OrderedDict[bytes, list[Values]] = OrderedDict()

    @property
    def uses(self) -> Uses:
        """What came of it so far."""
        return Uses(self._places, self._asked, self._recalled)

    def forget(self) -> None:
        """Keep nothing of before: the board answers otherwise from now on."""
        self._known.clear()

    def answers(self, vectors: Sequence[bytes], ask: Ask) -> list[Values]:
        """The answers to packed vectors, as if they came one by one; all that are not kept are asked for at once."""
        if not self._places:
            return list(ask(list(vectors)))
        unknown: list[tuple[bytes, list[Values]]] = []
        places = [self._place(vector, unknown) for vector in vectors]
        self._asked += len(vectors)
        self._recalled += len(vectors) - len(unknown)
        try:
            found = ask([vector for vector, _ in unknown]) if unknown else []
        except BaseException:
            # A place that got no answer must not be taken for one.
            self.forget()
            raise
        for (_, place), values in zip(unknown, found):  # noqa: B905 (Python 3.8)
            place.append(values)
        return [values for (values,) in places]

    def _place(self, vector: bytes, unknown: list[tuple[bytes, list[Values]]]) -> list[Values]:
        """Where the answer to a vector lies, or will lie as soon as the unknown ones are answered."""
        place = self._known.get(vector)
        if place is not None:
            self._known.move_to_end(vector)
            return place
        if len(self._known) == self._places:
            self._known.popitem(last=False)
        self._known[vector] = place = []
        unknown.append((vector, place))
        return place


def memory_of(manifest: PackedManifest) -> Memory:
    """The memory that a package's recipe has its driver keep."""
    decision = manifest.get("decision")
    said = decision.get("memory") if decision else None
    return Memory(said["size"] if said and said["place"] == DRIVER else 0)
