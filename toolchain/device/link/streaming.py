"""Vectors into a board of the streamed form and answers out of it, part by part.

Standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Callable  # noqa: UP035 (Python 3.8)

from toolchain.device.link import protocol as link
from toolchain.device.link import streamed
from toolchain.device.link.patience import Patience
from toolchain.errors import ToolError

Ask = Callable[[int, bytes], Any]
"""The reply to one request, which is sent again until it comes."""


class LostError(Exception):
    """Board and host are not at the same part any more."""


class Streaming:
    """Both ends' numbers of parts, which count from the last reset.

    Args:
        ask: sends a command with a payload.
        reset: resets the board; it calls `forget`.
        name: of the port, for messages.
        patience: how often in a row nothing may come of a vector, and how long of a part.
    """

    def __init__(self, ask: Ask, reset: Callable[[], None], name: str, patience: Patience) -> None:
        self._ask, self._reset, self._name = ask, reset, name
        self._tries, self._stall = patience.tries, patience.stall
        self.pushed = self._taken = 0
        self._under_way = False

    def forget(self) -> None:
        """The board was reset: nothing is under way, and numbers begin anew."""
        self.pushed = self._taken = 0
        self._under_way = False

    def answers(self, vectors: Sequence[bytes], told: link.Identity) -> list[bytes]:
        """The bytes of the answer to each packed vector.

        A board that lost its place, since it was configured or reset meanwhile, begins anew with the first vector that
        is not answered.

        Raises:
            ToolError: no answer, however often it began anew.
        """
        found: list[bytes] = []
        vain, size = 0, told.types.answer.size
        while len(found) < len(vectors):
            before, answer = len(found), bytearray()
            try:
                for piece in self.pieces(vectors[before:], told):
                    answer += piece
                    if len(answer) == size:
                        found.append(bytes(answer))
                        answer.clear()
            except LostError as error:
                vain = 0 if len(found) > before else vain + 1
                if vain == self._tries:
                    raise ToolError(f"{self._name}: {error}, {vain} times in a row; load the bitstream again") from None
                self._reset()
        return found

    def pieces(self, vectors: Sequence[bytes], told: link.Identity) -> Iterator[bytes]:
        """The parts of the answers to packed vectors, as they come; who stops early resets the board next.

        What is there is taken first, so the core never waits for long.

        Raises:
            LostError: board and host are not at the same part any more.
        """
        if self._under_way:
            self._reset()
        self._under_way = True
        parts = (part for vector in vectors for part in streamed.parts_of(vector, told.part_bytes))
        part: bytes | None = next(parts)
        size, left, moved = told.types.answer.size, len(vectors) * told.types.answer.size, time.monotonic()
        while left:
            data = self._take(min(told.part_bytes, (left - 1) % size + 1))
            if data:
                left -= len(data)
                yield data
            elif part is not None and self._push(part):
                part = next(parts, None)
            elif time.monotonic() - moved < self._stall:
                continue
            else:
                raise LostError(f"no part of an answer within {self._stall:g} s")
            moved = time.monotonic()
        self._under_way = False

    def _take(self, size: int) -> bytes:
        """The next part of an answer, of so many bytes; none where it is not there yet."""
        reply: streamed.Taken = self._ask(streamed.TAKE, streamed.take_payload(self._taken))
        if reply.number != self._taken or len(reply.data) not in (0, size):
            raise LostError(f"part {reply.number} of the answers came in {len(reply.data)} bytes, not {self._taken}")
        self._taken += bool(reply.data)
        return reply.data

    def _push(self, part: bytes) -> bool:
        """Whether the board took the next part of a vector; it does not while it holds two."""
        reply: streamed.Pushed = self._ask(streamed.PUSH, streamed.push_payload(part, self.pushed))
        taken = reply.parts - self.pushed
        if taken not in (0, 1):
            raise LostError(f"the board holds {reply.parts} parts, {self.pushed} were sent")
        self.pushed += taken
        return bool(taken)
