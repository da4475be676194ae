"""The same board of the host link's streamed form: parts in, parts out, and a core that takes its time."""

from __future__ import annotations

from tests.doubles.uart_board import IDENTITY, Line, UartBoard
from toolchain.device.link import protocol as link
from toolchain.device.link import streamed

PART = 20
_HELD = 2  # parts, each way


class StreamedBoard(UartBoard):
    """The answer to a vector comes soon after its last part: not at the first question. Two waiting parts hold it back.

    Attributes:
        refused_parts: how often a part came for which there was no place.
    """

    def __init__(self, answer_bytes: int, identity: link.Identity, line: Line) -> None:
        super().__init__(lambda vector: answer_to(vector, answer_bytes), identity, [], line)
        self.refused_parts = 0
        self.configure()

    def configure(self) -> None:
        """As after a reset: nothing is held, and numbers begin anew."""
        self._parts = self._taken = 0
        self._ripe = False
        self._vector, self._waiting = bytearray(), list[bytes]()

    def send_break(self) -> None:
        super().send_break()
        self.configure()

    def _answer(self, command: int, sequence: int, payload: bytes) -> link.Reply:
        size = self._identity.part_bytes
        lengths = {link.IDENTIFY: 0, link.COUNTERS: 0, link.BENCH: size + 4, streamed.PUSH: size + 4, streamed.TAKE: 4}
        if command not in lengths:
            return link.Failure(sequence, link.UNKNOWN_COMMAND, command)
        if len(payload) != lengths[command] or (command == link.BENCH and self._parts):
            return link.Failure(sequence, link.BAD_LENGTH, command)
        if command in (link.IDENTIFY, link.COUNTERS):
            return super()._answer(command, sequence, payload)
        part, number = payload[:-4], int.from_bytes(payload[-4:], "little")
        asked = {streamed.PUSH: self._push, streamed.TAKE: self._take, link.BENCH: self._play}
        return asked[command](sequence, part, number)  # type: ignore[return-value]

    def _push(self, sequence: int, part: bytes, number: int) -> streamed.Reply:
        self.refused_parts += len(self._waiting) >= _HELD
        if number == self._parts and len(self._waiting) < _HELD:
            self._parts += 1
            self._vector += part
            if len(self._vector) >= self._identity.vector_bytes:
                self._end(bytes(self._vector[: self._identity.vector_bytes]))
        return streamed.Pushed(sequence, self._parts)

    def _end(self, vector: bytes) -> None:
        size, answer = self._identity.part_bytes, self._answer_to(vector)
        self._waiting += [answer[at : at + size] for at in range(0, len(answer), size)]
        self._vector.clear()
        self._ripe = False
        self.inferences += 1

    def _take(self, sequence: int, part: bytes, number: int) -> streamed.Reply:
        if number == self._taken + 1 and self._waiting:
            del self._waiting[0]
            self._taken += 1
        ready, self._ripe = self._ripe and self._waiting, True
        return streamed.Taken(sequence, self._taken, self._waiting[0] if ready else b"")

    def _play(self, sequence: int, part: bytes, count: int) -> streamed.Reply:
        size = self._identity.vector_bytes
        self.inferences += count
        checksum = link.bench_checksum([self._answer_to((part * size)[:size])], count)
        return streamed.Played(sequence, 10 * count + 90, checksum)

    def _say(self, reply: streamed.Reply) -> None:
        self._output += self.line.pass_on(streamed.encode_reply(reply))


def answer_to(vector: bytes, size: int) -> bytes:
    """So many bytes that depend on all of a vector."""
    return (b"".join(hash_of(vector[at:]) for at in range(0, len(vector), 7)) * size)[:size]


def hash_of(data: bytes) -> bytes:
    """Four bytes that depend on all of them."""
    return link.bench_checksum([data or b"\0"], 1).to_bytes(4, "little")


def streamed_board(vector_bytes: int, answer_bytes: int, line: Line | None = None) -> StreamedBoard:
    """A model board with vectors and answers of so many bytes."""
    source, sink = (link.Tensor(8, link.UNSIGNED, (size,)) for size in (vector_bytes, answer_bytes))
    told = IDENTITY._replace(
        version=link.STREAMED_VERSION, bench_vectors=0, part_bytes=PART, types=link.Types(source, sink, 0)
    )
    return StreamedBoard(answer_bytes, told, line or Line())
