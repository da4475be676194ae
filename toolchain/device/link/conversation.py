"""What was asked of a serial board, and what is known of each request.

Standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Tuple  # noqa: UP035

from toolchain.device.link import protocol as link
from toolchain.device.link import settings, streamed

_STUCK = 8
Request = Tuple[int, bytes]  # noqa: UP006 (Python 3.8)
"""Command and payload."""


class Conversation:
    """Requests, and what is known of each; those of a vector in parts build on each other: `load`, ..., `infer`."""

    def __init__(self, requests: Sequence[Request], identity: link.Identity | None) -> None:
        self._requests, self._told = requests, identity
        self._replies: list[Any] = [None] * len(requests)
        self._tries = [0] * len(requests)
        self.todo = deque(range(len(requests)))
        self.flying: dict[int, int] = {}
        self.sent = self.answered = self.refused = self.silent = self.strays = 0
        self.in_trouble, self.fault = False, ""
        self._in_vain = self._progress = 0

    @property
    def unfinished(self) -> bool:
        """Whether a request has no reply yet."""
        return bool(self.todo or self.flying)

    @property
    def answers(self) -> list[Any]:
        """The replies in the order of the requests."""
        return self._replies

    def next_frame(self, sequence: int) -> bytes:
        """The next request that is to be sent, with this sequence number."""
        index = self.todo.popleft()
        self.flying[sequence] = index
        self._tries[index] += 1
        self.sent += 1
        command, payload = self._requests[index]
        return link.encode_frame(command, sequence, payload)

    def take(self, frames: Sequence[link.Frame]) -> None:
        """Accept what answers a request on its way; nothing else."""
        for frame in frames:
            reply = self._decoded(frame)
            if isinstance(reply, link.Failure):
                self._take_failure(reply)
            elif reply is None or frame.sequence not in self.flying:
                self.strays += 1
            elif isinstance(reply, link.Loaded) and not self._is_held(reply):
                self._take_unheld(reply)
            else:
                # The board answers in order: what was asked before and is unanswered will stay so.
                self.in_trouble |= next(iter(self.flying)) != frame.sequence
                self._replies[self.flying.pop(frame.sequence)] = reply
                self.answered += 1

    def give_up(self, tries: int) -> str:
        """Put back what is on its way; what to say if one of it has been tried that often."""
        lost = list(self.flying.values())
        self.silent += len(lost)
        self.flying.clear()
        self.todo = deque(sorted([*self.todo, *lost]))
        self.in_trouble = False
        self._in_vain = self._in_vain + 1 if self.answered == self._progress else 0
        self._progress = self.answered
        # On a bad line others are answered and one never is only by chance; but then not for ever.
        stuck = max((self._tries[index] for index in self.todo), default=0) >= _STUCK * tries
        if not stuck and self._in_vain < tries:
            return ""
        name = _NAMES[self._requests[self.todo[0]][0]]
        return f"no answer to {name} after {self._in_vain or _STUCK * tries} tries"

    def _decoded(self, frame: link.Frame) -> settings.Reply | None:
        index = self.flying.get(frame.sequence)
        if frame.command != link.ERROR and (index is None or frame.command != link.REPLY | self._requests[index][0]):
            return None
        try:
            reply = settings.decode_reply(frame)
        except link.ProtocolError:
            return None
        return reply if not isinstance(reply, (link.Inference, link.Bench)) or self._can_be(reply.answer) else None

    def _can_be(self, answer: bytes) -> bool:
        """Whether the board can have answered so: with as many bytes as it says, and a class that exists."""
        layout = self._told.types.answer if self._told else None
        if layout is None or len(answer) != layout.size:
            return False
        return not layout.classes or layout.decode(answer)[0] < layout.classes

    def _is_held(self, reply: link.Loaded) -> bool:
        """Whether the board holds the part, and all before it."""
        index = self.flying[reply.sequence]
        return reply.held > index and None not in self._replies[:index]

    def _take_unheld(self, reply: link.Loaded) -> None:
        """A part came out of turn, for one before it was lost, or the board began anew: go on from what it holds."""
        self.in_trouble = True
        self.refused += 1
        back = [self.flying.pop(reply.sequence)]
        for index in range(reply.held, len(self._replies)):
            if self._replies[index] is not None:
                self._replies[index] = None
                back.append(index)
        self.todo = deque(sorted({*self.todo, *back}))

    def _take_failure(self, failure: link.Failure) -> None:
        """A length can be refused because it came damaged, before any CRC; only an unknown command is beyond doubt."""
        self.in_trouble = True
        if failure.sequence not in self.flying:
            self.strays += 1
            return
        self.refused += 1
        index = self.flying.pop(failure.sequence)
        back = {index, *self.todo}
        if failure.code == link.BAD_LENGTH and index and self._requests[index][0] != self._requests[0][0]:
            # An `infer` behind parts: the board may have lost what it held, which its reply to the last one tells.
            self._replies[index - 1] = None
            back.add(index - 1)
        self.todo = deque(sorted(back - set(self.flying.values())))
        if failure.code == link.UNKNOWN_COMMAND:
            self.fault = f"{_NAMES[self._requests[index][0]]}: {failure.describe()}"


_NAMES = {
    link.IDENTIFY: "identify",
    link.INFER: "infer",
    link.BENCH: "bench",
    link.COUNTERS: "counters",
    link.LOAD: "load",
    streamed.PUSH: "push",
    streamed.TAKE: "take",
    settings.SETTING: "setting",
}
