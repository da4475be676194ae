"""A board behind a serial port in simulated time, with a line that damages bytes: docs/host-link.md in plain Python."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from toolchain.device.link import protocol as link
from toolchain.device.link.settings import SETTING

TIMEOUT_US = 10_000


@dataclass
class Line:
    """What goes wrong: probabilities for each bit or byte, both ways.

    Attributes:
        silent_after: bytes from the host after which the board answers nothing more; None: never.
    """

    bits: float = 0.0
    lost: float = 0.0
    doubled: float = 0.0
    silent_after: int | None = None
    seed: int = 1
    faults: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._gap = {"bits": self._next(self.bits), "lost": self._next(self.lost), "doubled": self._next(self.doubled)}

    def pass_on(self, data: bytes) -> bytes:
        """What arrives of bytes. Jumps from fault to fault, so that a clean byte costs nothing."""
        for name, unit in (("bits", 8), ("lost", 1), ("doubled", 1)):
            size = len(data) * unit
            if self._gap[name] >= size:
                self._gap[name] -= size
            elif size:
                data = self._damaged(bytearray(data), name, size)
        return data

    def _damaged(self, data: bytearray, name: str, size: int) -> bytes:
        at, places = self._gap[name], []
        while at < size:
            places.append(int(at))
            at += 1 + self._next(getattr(self, name))
        self._gap[name] = at - size
        self.faults += len(places)
        for place in reversed(places):
            if name == "bits":
                data[place >> 3] ^= 1 << (place & 7)
            elif name == "lost":
                del data[place]
            else:
                data.insert(place, data[place])
        return bytes(data)

    def _next(self, probability: float) -> float:
        return int(self._random.expovariate(probability)) if probability else float("inf")


class UartBoard:
    """A `Port` with a board behind it.

    Args:
        label: class of a packed vector; or its whole answer, in bytes.
        identity: what it says of itself.
        stored: the vectors of `bench`; none: it plays the one inferred last, which a break makes it forget.

    Attributes:
        seconds: simulated time that passed.
        settings: words that settings have after a reset; words: those that they hold.
        seen: frames the board acted on, frames with a wrong CRC, frames of an impossible length, frames given up.
    """

    baud = 1_000_000
    name = "model board"

    def __init__(
        self, label: Callable[[bytes], int | bytes], identity: link.Identity, stored: list[bytes], line: Line
    ) -> None:
        self._label, self._identity, self._stored, self.line = label, identity, stored, line
        self._buffer, self._output = bytearray(), bytearray()
        self._held: list[bytes] = []
        self._used = False
        self._last: bytes | None = None
        self.settings: list[int] = []
        self.words: list[int] = []
        self.seconds, self.received = 0.0, 0
        self.good = self.crc_errors = self.lengths = self.given_up = self.inferences = self.breaks = 0

    # Port ---------------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        self.seconds += 10 * len(data) / self.baud
        self.received += len(data)
        self._buffer += self.line.pass_on(data)
        self._serve()

    def read(self, seconds: float) -> bytes:
        if not self._output:
            self._pass(seconds)
            return b""
        data, self._output = bytes(self._output), bytearray()
        self.seconds += 10 * len(data) / self.baud
        return data

    def send_break(self) -> None:
        self._buffer.clear()
        self._output.clear()
        self._held, self._last = [], None
        self.words = list(self.settings)
        self.breaks += 1

    def close(self) -> None:
        pass

    # Board --------------------------------------------------------------------------------------------

    def _pass(self, seconds: float) -> None:
        self.seconds += seconds
        if seconds * 1e6 >= self._identity.timeout_us and self._buffer:
            self.given_up += 1
            self._buffer.clear()

    def _serve(self) -> None:
        """Reads frame after frame; unlike a host, it never looks into a damaged one again."""
        buffer = self._buffer
        while True:
            at = buffer.find(link.SYNC)
            if at < 0:
                keep = 1 if buffer.endswith(b"G") else 0
                del buffer[: len(buffer) - keep]
                return
            del buffer[:at]
            if len(buffer) < link.HEADER_BYTES:
                return
            command, sequence, length = struct.unpack_from("<BBH", buffer, 2)
            if length > self._identity.max_payload:
                self.lengths += 1
                del buffer[: link.HEADER_BYTES]
                self._say(link.Failure(sequence, link.BAD_LENGTH, command))
                continue
            size = link.OVERHEAD_BYTES + length
            if len(buffer) < size:
                return
            body, crc = bytes(buffer[2 : size - 4]), int.from_bytes(buffer[size - 4 : size], "little")
            del buffer[:size]
            if zlib.crc32(body) != crc:
                self.crc_errors += 1
                self._say(link.Failure(sequence, link.BAD_CRC, command))
            else:
                self.good += 1
                self._reply(command, sequence, body[4:])

    def _reply(self, command: int, sequence: int, payload: bytes) -> None:
        if command != SETTING or not self.settings:
            self._say(self._answer(command, sequence, payload))
        elif len(payload) not in (1, 5) or payload[-1] >= len(self.words):
            self._say(link.Failure(sequence, link.BAD_LENGTH, command))
        else:
            if len(payload) == 5:
                self.words[payload[-1]] = int.from_bytes(payload[:4], "little")
            word = self.words[payload[-1]].to_bytes(4, "little")
            self._output += self.line.pass_on(link.encode_frame(link.REPLY | SETTING, sequence, word))

    def _answer(self, command: int, sequence: int, payload: bytes) -> link.Reply:
        told = self._identity
        rest = told.vector_bytes - told.parts * told.part_bytes
        lengths = {link.IDENTIFY: 0, link.INFER: rest, link.BENCH: 4, link.COUNTERS: 0}
        if told.parts:
            lengths[link.LOAD] = told.part_bytes + 2
        if command not in lengths:
            return link.Failure(sequence, link.UNKNOWN_COMMAND, command)
        if command == link.LOAD and self._used:
            self._held, self._used = [], False
        if command in (link.LOAD, link.INFER):
            self._last = None
        if len(payload) != lengths[command] or (command == link.INFER and len(self._held) < told.parts):
            return link.Failure(sequence, link.BAD_LENGTH, command)
        if command == link.LOAD:
            return self._load(sequence, payload)
        if command == link.IDENTIFY:
            return self._identity._replace(sequence=sequence)
        if command == link.COUNTERS:
            return link.Counters(sequence, self.inferences, self.good, self.crc_errors, 0, self.given_up)
        if command == link.INFER:
            self.inferences += 1
            self._used = True
            self._last = b"".join(self._held) + payload
            return link.Inference(sequence, self._answer_to(self._last), 100)
        return self._bench(sequence, int.from_bytes(payload, "little"))

    def _bench(self, sequence: int, count: int) -> link.Reply:
        played = self._stored or ([] if self._last is None else [self._last])
        if not played:
            return link.Failure(sequence, link.BAD_LENGTH, link.BENCH)
        answers = [self._answer_to(vector) for vector in played]
        self.inferences += count
        checksum = link.bench_checksum(answers, count)
        return link.Bench(sequence, answers[(count - 1) % len(answers)], 10 * count + 90, checksum)

    def _load(self, sequence: int, payload: bytes) -> link.Reply:
        part, number = payload[:-2], int.from_bytes(payload[-2:], "little")
        if number == len(self._held) < self._identity.parts:
            self._held.append(part)
        elif number == 0:
            self._held = []
        return link.Loaded(sequence, len(self._held))

    def _answer_to(self, vector: bytes) -> bytes:
        answer = self._label(vector)
        return bytes([answer]) if isinstance(answer, int) else answer

    def _say(self, reply: link.Reply) -> None:
        if self.line.silent_after is None or self.received <= self.line.silent_after:
            self._output += self.line.pass_on(link.encode_reply(reply))


VECTOR_BYTES = 23
TYPES = link.Types(link.Tensor(1, link.UNSIGNED, (8 * VECTOR_BYTES,)), link.Tensor(3, link.UNSIGNED, (1,)), 5)
IDENTITY = link.Identity(
    0, link.PROTOCOL_VERSION, b"modelhsh", b"build-id", 25_000_000, 4, 63, 0, 63, TIMEOUT_US, TYPES
)


def label_of(vector: bytes) -> int:
    """The class that the double gives: any change of a byte changes it more often than not."""
    return zlib.crc32(vector) % 5


def uart_board(line: Line | None = None, identity: link.Identity = IDENTITY) -> UartBoard:
    """A model board whose classes are `label_of`."""
    stored = [bytes([index] * VECTOR_BYTES) for index in range(min(identity.bench_vectors, IDENTITY.bench_vectors))]
    return UartBoard(label_of, identity, stored, line or Line())


def class_bytes(labels: Iterable[int]) -> list[bytes]:
    """Answers that are classes, as they lie in bytes."""
    return [bytes([label]) for label in labels]
