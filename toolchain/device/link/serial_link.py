"""The driver of boards with a serial port: identify, infer, bench and counters, as docs/host-link.md says.

Standard library only, Python 3.8 or newer. What carries the bytes is a `Port`; `serial_port.open_serial` opens a real
one (or a virtual board's). The interface is that of `axi.opening.Board`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeVar

from toolchain.device.link import protocol as link
from toolchain.device.link.answers import Bench, Counters, Identity, Inference, Values
from toolchain.device.link.board import differences
from toolchain.errors import ToolError, VerificationError

STREAM_WINDOW = 64
"""Requests on their way at most; far below the 256 sequence numbers, so that each is told from the others."""

_BITS_A_BYTE = 10
_INFER_REPLY_BYTES = link.OVERHEAD_BYTES + 5
_NOISE_READS = 1000
_SLACK = 1.1
_STUCK = 8
_LATE_BENCHES = 2
_Self = TypeVar("_Self", bound="SerialBoard")  # typing.Self is not in Python 3.8


class Port(Protocol):
    """A line to a board.

    Attributes:
        name: how it is reached, for people.
        baud: bits per second.
    """

    name: str
    baud: int

    def write(self, data: bytes) -> None:
        """Send bytes without gaps.

        Raises:
            ToolError: the port is gone.
        """

    def read(self, seconds: float) -> bytes:
        """What has come; waits that long for a first byte, and returns nothing if none came.

        Raises:
            ToolError: the port is gone.
        """

    def send_break(self) -> None:
        """Hold the line low for `link.BREAK_BITS` bit times or more."""

    def close(self) -> None:
        """Give the port back."""


@dataclass(frozen=True)
class Patience:
    """How long the driver waits, in seconds; the defaults suit USB adapters, which hold bytes back for 16 ms.

    Attributes:
        reply: for the next byte of a reply.
        quiet: silence after which nothing is on its way any more, and the board's time-out has passed.
        tries: how often in a row nothing is answered before the driver gives up.
    """

    reply: float = 0.25
    quiet: float = 0.05
    tries: int = 8


SIMULATED = Patience(reply=2.0, quiet=0.4)
"""A simulated chip is slower than a real one by far."""


@dataclass
class Traffic:
    """What became of every request: `sent` = `answered` + `refused` + `silent`.

    Attributes:
        answered: the right reply came.
        refused: the board said that the request came damaged.
        silent: neither; the request or its reply was lost or damaged. Sent again, as the refused ones.
        strays: whole frames that answered nothing asked; thrown away.
        damaged: replies with a wrong CRC or an impossible length.
        skipped: bytes received that were part of no whole frame.
        breaks: resets of the link by a break.
        port_seconds: time spent in the port: writing, and waiting for bytes.
    """

    sent: int = 0
    answered: int = 0
    refused: int = 0
    silent: int = 0
    strays: int = 0
    damaged: int = 0
    skipped: int = 0
    breaks: int = 0
    port_seconds: float = 0.0


class SerialBoard:
    """A board behind a serial port. Use it in a `with`, or call `close`.

    Attributes:
        traffic: what became of every request so far.

    Raises:
        ToolError: nothing answers, or it speaks another version of the protocol.
    """

    def __init__(self, port: Port, patience: Patience | None = None) -> None:
        self.port, self.traffic = port, Traffic()
        self._patience = patience or Patience()
        self._sequence = 0
        self._latency: int | None = None
        self.reset()
        self._identity = self._identify()

    def reset(self) -> None:
        """Reset link and core by a break, whatever they do; the counters stay."""
        self.port.send_break()
        self.traffic.breaks += 1
        self._drain()

    def identify(self) -> Identity:
        """What the board says it is."""
        self._identity = self._identify()
        return _identity(self._identity)

    def infer(self, vector: bytes) -> Inference:
        """The answer to one packed vector, and the cycles it took in the fabric.

        Raises:
            ToolError: a vector of another length than the board's, or no answer.
        """
        return self.inferences([vector])[0]

    def infer_many(self, vectors: Sequence[bytes]) -> list[Values]:
        """The answers to many packed vectors, as many on their way at a time as the board can take.

        Raises:
            ToolError: as `infer`.
        """
        return [inference.values for inference in self.inferences(vectors)]

    def inferences(self, vectors: Sequence[bytes]) -> list[Inference]:
        """As `infer_many`, with the cycles of each.

        Raises:
            ToolError: as `infer`.
        """
        size = self._identity.vector_bytes
        for index, vector in enumerate(vectors):
            if len(vector) != size:
                raise ToolError(f"vector {index}: {len(vector)} bytes; the board takes {size}")
        first = vectors[:1] if self._latency is None else []
        replies = self._exchange(link.INFER, list(first), 1) if first else []
        if replies:
            self._latency = replies[0].cycles
        replies += self._exchange(link.INFER, list(vectors[len(first) :]), self._window())
        return [Inference((reply.label,), reply.cycles) for reply in replies]

    def bench(self, inferences: int, seconds: float = 60.0) -> Bench:
        """Run that many inferences (32 bits) of the stored vectors, back to back.

        Args:
            seconds: how long it may take; a bench that takes longer is ended by a break, and tried once more.

        Raises:
            ToolError: no answer in that time.
        """
        if not 0 <= inferences <= 0xFFFFFFFF:
            raise ToolError(f"{inferences} inferences do not fit the 32 bits of a bench request")
        payload, late = inferences.to_bytes(4, "little"), 0
        for _ in range(self._patience.tries):
            started = time.perf_counter()
            try:
                [reply] = self._exchange(link.BENCH, [payload], 1, seconds, tries=1)
            except ToolError:
                late += time.perf_counter() - started >= seconds
                self.reset()
                if late == _LATE_BENCHES:
                    break
            else:
                taken = time.perf_counter() - started
                return Bench(inferences, (reply.label,), reply.cycles, reply.checksum, taken)
        raise ToolError(
            f"{self.port.name}: no answer to a bench of {inferences:,} within {seconds:g} s; run fewer, or allow more"
        )

    def counters(self) -> Counters:
        """Events since configuration, by the names all drivers share: good frames, CRC errors, and line errors."""
        told = self.link_counters()
        return Counters(told.inferences, told.good_frames, told.crc_errors, None, told.line_errors)

    def link_counters(self) -> link.Counters:
        """Events since configuration as the host link names them."""
        reply: link.Counters = self._exchange(link.COUNTERS, [b""], 1)[0]
        return reply

    def close(self) -> None:
        """Give the port back; the bitstream stays loaded."""
        self.port.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # The rest is how ----------------------------------------------------------------------------------

    def _identify(self) -> link.Identity:
        reply: link.Identity = self._exchange(link.IDENTIFY, [b""], 1)[0]
        if reply.version != link.PROTOCOL_VERSION:
            raise ToolError(
                f"{self.port.name}: the board speaks protocol {reply.version}, the driver {link.PROTOCOL_VERSION}; "
                f"take the driver of the board's package"
            )
        for name in ("clock_hz", "vector_bytes", "classes"):
            if getattr(reply, name) < 1:
                said = f"{name}: {getattr(reply, name)}"
                raise ToolError(f"{self.port.name}: identify: {said}; the board is broken, or another design")
        return reply

    def _window(self) -> int:
        """Requests that may be on their way at a time.

        The board serves one and keeps a buffer full of others; as many as we like only if it serves one in clearly
        less time than the next takes to come (docs/host-link.md, "How the board finds frames").
        """
        told = self._identity
        request = link.OVERHEAD_BYTES + told.vector_bytes
        inference = (self._latency or 0) * self.port.baud / told.clock_hz
        if _SLACK * (_INFER_REPLY_BYTES * _BITS_A_BYTE + inference) <= request * _BITS_A_BYTE:
            return STREAM_WINDOW
        return 1 + told.buffer_bytes // request

    def _exchange(
        self,
        command: int,
        payloads: Sequence[bytes],
        window: int,
        seconds: float | None = None,
        tries: int | None = None,
    ) -> list[Any]:
        """The replies to requests of one kind, in the order of the requests."""
        conversation = _Conversation(command, payloads, getattr(self, "_identity", None))
        wait = self._patience.reply if seconds is None else seconds
        parser = link.FrameParser()
        while conversation.unfinished:
            self._send(conversation, window)
            data = self._read(wait)
            conversation.take(parser.feed(data))
            if not data or conversation.in_trouble or parser.crc_errors:
                self._resynchronise(conversation, parser, tries or self._patience.tries)
                parser = self._fresh(parser)
        self._fresh(parser)
        self._count(conversation)
        return conversation.answers

    def _send(self, conversation: _Conversation, window: int) -> None:
        frames = []
        while conversation.todo and len(conversation.flying) < window:
            frames.append(conversation.next_frame(self._sequence))
            self._sequence = (self._sequence + 1) % 256
        if frames:
            started = time.perf_counter()
            self.port.write(b"".join(frames))
            self.traffic.port_seconds += time.perf_counter() - started

    def _read(self, seconds: float) -> bytes:
        started = time.perf_counter()
        data = self.port.read(seconds)
        self.traffic.port_seconds += time.perf_counter() - started
        return data

    def _resynchronise(self, conversation: _Conversation, parser: link.FrameParser, tries: int) -> None:
        """Wait until nothing comes any more, then have what is still unanswered sent again."""
        conversation.take(parser.feed(self._drain()))
        conversation.take(parser.flush())
        if conversation.fault:
            self._count(conversation)
            raise ToolError(f"{self.port.name}: {conversation.fault}; load the package's bitstream")
        exhausted = conversation.give_up(tries)
        if exhausted:
            self._count(conversation)
            raise ToolError(
                f"{self.port.name}: {exhausted}; is the board powered, its "
                f"bitstream loaded, and this its port at {self.port.baud} baud?"
            )

    def _drain(self) -> bytes:
        """All that comes until the line was quiet; the board's own time-out passes meanwhile."""
        received = b""
        for _ in range(_NOISE_READS):
            data = self._read(self._patience.quiet)
            if not data:
                return received
            received += data
        raise ToolError(f"{self.port.name}: the line is never quiet; something else than the board is sending")

    def _fresh(self, parser: link.FrameParser) -> link.FrameParser:
        self.traffic.damaged += parser.crc_errors
        self.traffic.skipped += parser.skipped
        return link.FrameParser()

    def _count(self, conversation: _Conversation) -> None:
        for name in ("sent", "answered", "refused", "silent", "strays"):
            setattr(self.traffic, name, getattr(self.traffic, name) + getattr(conversation, name))


class _Conversation:
    """Requests of one kind, and what is known of each."""

    def __init__(self, command: int, payloads: Sequence[bytes], identity: link.Identity | None) -> None:
        self._command, self._payloads, self._told = command, payloads, identity
        self._replies: list[link.Reply | None] = [None] * len(payloads)
        self._tries = [0] * len(payloads)
        self.todo = deque(range(len(payloads)))
        self.flying: dict[int, int] = {}
        self.sent = self.answered = self.refused = self.silent = self.strays = 0
        self.in_trouble, self.fault = False, ""
        self._in_vain = self._progress = 0

    @property
    def unfinished(self) -> bool:
        return bool(self.todo or self.flying)

    @property
    def answers(self) -> list[link.Reply | None]:
        return self._replies

    def next_frame(self, sequence: int) -> bytes:
        index = self.todo.popleft()
        self.flying[sequence] = index
        self._tries[index] += 1
        self.sent += 1
        return link.encode_frame(self._command, sequence, self._payloads[index])

    def take(self, frames: Sequence[link.Frame]) -> None:
        """Accept what answers a request on its way; nothing else."""
        for frame in frames:
            reply = self._decoded(frame)
            if isinstance(reply, link.Failure):
                self._take_failure(reply)
            elif reply is None or frame.sequence not in self.flying:
                self.strays += 1
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
        self.todo.extendleft(reversed(lost))
        self.in_trouble = False
        self._in_vain = self._in_vain + 1 if self.answered == self._progress else 0
        self._progress = self.answered
        # On a bad line others are answered and one never is only by chance; but then not for ever.
        stuck = max((self._tries[index] for index in self.todo), default=0) >= _STUCK * tries
        if not stuck and self._in_vain < tries:
            return ""
        return f"no answer to {_NAMES[self._command]} after {self._in_vain or _STUCK * tries} tries"

    def _decoded(self, frame: link.Frame) -> link.Reply | None:
        if frame.command not in (link.REPLY | self._command, link.ERROR):
            return None
        try:
            reply = link.decode_reply(frame)
        except link.ProtocolError:
            return None
        classes = self._told.classes if self._told else 0
        if isinstance(reply, link.Inference) and reply.label >= classes:
            return None
        return reply

    def _take_failure(self, failure: link.Failure) -> None:
        """A length can be refused because it came damaged, before any CRC; only an unknown command is beyond doubt."""
        self.in_trouble = True
        if failure.sequence not in self.flying:
            self.strays += 1
            return
        self.refused += 1
        index = self.flying.pop(failure.sequence)
        self.todo.appendleft(index)
        if failure.code == link.UNKNOWN_COMMAND:
            self.fault = f"{_NAMES[self._command]}: {failure.describe()}"


_NAMES = {link.IDENTIFY: "identify", link.INFER: "infer", link.BENCH: "bench", link.COUNTERS: "counters"}


def must_be(identity: Identity, packed: Mapping[str, str], name: str) -> None:
    """Refuse a board that answers as another model or build than the package's.

    Args:
        packed: the manifest's `identity`: hexadecimal `model_hash` and `build_id`.
        name: of the port, for the message.

    Raises:
        VerificationError: it is another one.
    """
    right = {key: bytes.fromhex(packed[key]) for key in ("model_hash", "build_id")}
    for key, _, answered in differences(identity, right):
        raise VerificationError(
            f"{name}: {key}: the board answers {answered.hex()}, the package has {packed[key]}; load its bitstream "
            f"with `make flash`"
        )


def _identity(reply: link.Identity) -> Identity:
    return Identity(
        reply.model_hash,
        reply.build_id,
        reply.vector_bytes,
        link.AnswerLayout.of_class(reply.classes),
        reply.clock_hz,
        reply.bench_vectors,
        "chip",
    )
