"""The driver of boards with a serial port: identify, infer, bench and counters, as docs/host-link.md says.

Standard library only, Python 3.8 or newer. What carries the bytes is a `Port`; `serial_port.open_serial` opens a real
one (or a virtual board's). The interface is that of `axi.opening.Board`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, TypeVar

from toolchain.device.link import protocol as link
from toolchain.device.link import streamed
from toolchain.device.link.answers import Bench, Counters, Identity, Inference, Values
from toolchain.device.link.conversation import Conversation, Request
from toolchain.device.link.patience import Patience
from toolchain.device.link.settings import SETTING, Held, Setting, request_payload
from toolchain.device.link.streaming import Streaming
from toolchain.errors import ToolError

STREAM_WINDOW = 64
"""Requests on their way at most; far below the 256 sequence numbers, so that each is told from the others."""

_NOISE_READS = 1000
_SLACK = 1.1
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
        streaming: parts of vectors and answers, of a board of the streamed form.

    Raises:
        ToolError: nothing answers, or it speaks another version of the protocol.
    """

    def __init__(self, port: Port, patience: Patience | None = None) -> None:
        self.port, self.traffic = port, Traffic()
        self._patience = patience or Patience()
        self._sequence = 0
        self._latency: int | None = None
        # The vector that a bench plays where none are stored, and whether the board holds it.
        self._last: bytes | None = None
        self._holds = False
        self._given: dict[Setting, int] = {}
        self.streaming = Streaming(self._ask, self.reset, port.name, self._patience)
        self.reset()
        self._identity = self._identify()

    def reset(self) -> None:
        """Reset link and core by a break, whatever they do; counters stay, and settings that were given hold again."""
        self.port.send_break()
        self.traffic.breaks += 1
        self._holds = False
        self.streaming.forget()
        self._drain()
        for setting, value in self._given.items():
            self._write(setting, value)

    def identify(self) -> Identity:
        """What the board says it is."""
        self._identity = self._identify()
        return _identity(self._identity)

    @property
    def link_identity(self) -> link.Identity:
        """What the board said it is, as the host link tells it."""
        return self._identity

    def set(self, setting: Setting, value: int) -> None:
        """Have a setting hold for all vectors that are sent from now on, until the board is opened anew.

        Raises:
            ConfigError: a value outside its range.
            ToolError: no answer, or a chip without this setting.
        """
        setting.word(value)
        if self.streaming.pushed:
            self.reset()
        self._write(setting, value)
        self._given[setting] = value

    def held(self, setting: Setting) -> int:
        """The value that a setting has in the chip.

        Raises:
            ToolError: as `set`.
        """
        return self._asked(setting, None)

    def infer(self, vector: bytes) -> Inference:
        """The answer to one packed vector, and the cycles it took in the fabric.

        Raises:
            ToolError: a vector of another length than the board's, or no answer.
        """
        return self.inferences([vector])[0]

    def play(self, vector: bytes) -> None:
        """Have a bench run this packed vector where the board stores none; of the streamed form, its first part."""
        self._last, self._holds = vector, False

    def infer_many(self, vectors: Sequence[bytes]) -> list[Values]:
        """The answers to many packed vectors, as many on their way at a time as the board can take.

        Where settings were given, the chip still held them after the last answer: all are asked for again where it was
        configured anew meanwhile.

        Raises:
            ToolError: as `infer`.
        """
        for _ in range(self._patience.tries):
            found = [inference.values for inference in self.inferences(vectors)]
            if self._still_holds():
                return found
        raise ToolError(f"{self.port.name}: the chip loses its settings; load the bitstream again")

    def inferences(self, vectors: Sequence[bytes]) -> list[Inference]:
        """As `infer_many`, with the cycles of each.

        Raises:
            ToolError: as `infer`.
        """
        size = self._identity.vector_bytes
        for index, vector in enumerate(vectors):
            if len(vector) != size:
                raise ToolError(f"vector {index}: {len(vector)} bytes; the board takes {size}")
        told = self._identity
        pairs: list[tuple[bytes, int | None]]
        if streamed.is_streamed(told):
            # The chip counts no cycles of them: they would be those of the line.
            pairs = [(data, None) for data in self.streaming.answers(vectors, told)]
        else:
            pairs = [(reply.answer, reply.cycles) for reply in self._answered(vectors)]
        if vectors:
            self._last, self._holds = vectors[-1], True
        return [Inference(told.types.answer.decode(data), cycles) for data, cycles in pairs]

    def bench(self, inferences: int, seconds: float = 60.0) -> Bench:
        """Run that many inferences (32 bits) of the stored vectors, back to back.

        A board that stores none runs the vector inferred last, or told by `play`; one of the streamed form its first
        part over and over, and does not tell the last answer: `values` are none.

        Args:
            seconds: how long it may take; a bench that takes longer is ended by a break, and tried once more.

        Raises:
            ToolError: no answer in that time, or no vector to run.
        """
        if not 0 <= inferences <= 0xFFFFFFFF:
            raise ToolError(f"{inferences} inferences do not fit the 32 bits of a bench request")
        late = 0
        for _ in range(self._patience.tries):
            self._hold()
            started = time.perf_counter()
            try:
                [reply] = self._exchange([(link.BENCH, self._bench_payload(inferences))], 1, seconds, tries=1)
            except ToolError:
                late += time.perf_counter() - started >= seconds
                self.reset()
                if late == _LATE_BENCHES:
                    break
            else:
                taken, answer = time.perf_counter() - started, self._identity.types.answer
                values = () if isinstance(reply, streamed.Played) else answer.decode(reply.answer)
                return Bench(inferences, values, reply.cycles, reply.checksum, taken)
        raise ToolError(
            f"{self.port.name}: no answer to a bench of {inferences:,} within {seconds:g} s; run fewer, or allow more"
        )

    def counters(self) -> Counters:
        """Events since configuration, by the names all drivers share: good frames, CRC errors, and line errors."""
        told = self.link_counters()
        return Counters(told.inferences, told.good_frames, told.crc_errors, None, told.line_errors)

    def link_counters(self) -> link.Counters:
        """Events since configuration as the host link names them."""
        reply: link.Counters = self._exchange([(link.COUNTERS, b"")], 1)[0]
        return reply

    def close(self) -> None:
        """Give the port back; the bitstream stays loaded."""
        self.port.close()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # The rest is how ----------------------------------------------------------------------------------

    def _still_holds(self) -> bool:
        """Whether the chip has the settings that were given; it has them from now on."""
        lost = [(setting, value) for setting, value in self._given.items() if self.held(setting) != value]
        for setting, value in lost:
            self._write(setting, value)
        return not lost

    def _write(self, setting: Setting, value: int) -> None:
        held = self._asked(setting, setting.word(value))
        if held != value:
            raise ToolError(f"{self.port.name}: setting {setting.name}: the chip holds {held:,}, set was {value:,}")

    def _asked(self, setting: Setting, word: int | None) -> int:
        reply: Held = self._ask(SETTING, request_payload(setting.number, word))
        return setting.value(reply.word)

    def _identify(self) -> link.Identity:
        reply: link.Identity | link.OtherVersion = self._exchange([(link.IDENTIFY, b"")], 1)[0]
        if isinstance(reply, link.OtherVersion):
            raise ToolError(
                f"{self.port.name}: the board speaks protocol {reply.version}, the driver {link.PROTOCOL_VERSION}; "
                f"take the driver of the board's package"
            )
        sizes = {"clock_hz": reply.clock_hz, "vector_bytes": reply.vector_bytes, "answer": reply.types.answer.size}
        for name, value in sizes.items():
            if value < 1:
                raise ToolError(f"{self.port.name}: identify: {name}: {value}; the board is broken, or another design")
        return reply

    def _hold(self) -> None:
        """Have the board ready for a bench: with the vector inferred last, where it plays that one."""
        told = self._identity
        if not told.bench_vectors and self._last is None:
            raise ToolError(f"{self.port.name}: the board stores no vectors, its bench runs the last one: infer first")
        if streamed.is_streamed(told) and self.streaming.pushed:
            self.reset()
        elif not (told.bench_vectors or self._holds or streamed.is_streamed(told)):
            self.infer(self._last or b"")

    def _bench_payload(self, inferences: int) -> bytes:
        if not streamed.is_streamed(self._identity):
            return inferences.to_bytes(4, "little")
        part = streamed.parts_of(self._last or b"", self._identity.part_bytes)[0]
        return streamed.bench_payload(part, inferences)

    def _ask(self, command: int, payload: bytes) -> Any:
        return self._exchange([(command, payload)], 1)[0]

    def _answered(self, vectors: Sequence[bytes]) -> list[link.Inference]:
        """The replies to vectors, as many on their way at a time as the board can take."""
        if self._identity.parts:
            # The parts of one vector, and then its rest: the board holds one at a time.
            size = self._identity.part_bytes
            return [self._exchange(link.vector_requests(vector, size), STREAM_WINDOW)[-1] for vector in vectors]
        first = vectors[:1] if self._latency is None else []
        replies = self._exchange([(link.INFER, vector) for vector in first], 1)
        if replies:
            self._latency = replies[0].cycles
        return replies + self._exchange([(link.INFER, v) for v in vectors[len(first) :]], self._window())

    def _window(self) -> int:
        """Requests that may be on their way at a time.

        The board serves one and keeps a buffer full of others; as many as we like only if it serves one in clearly
        less time than the next takes to come or the buffer to fill (docs/host-link.md, "How the board finds frames").
        """
        told = self._identity
        request = link.OVERHEAD_BYTES + told.vector_bytes
        inference = (self._latency or 0) * self.port.baud / told.clock_hz
        reply = link.OVERHEAD_BYTES + told.types.answer.size + link.INFER_TAIL
        if _SLACK * (reply * link.BITS_A_BYTE + inference) <= min(request, told.buffer_bytes) * link.BITS_A_BYTE:
            return STREAM_WINDOW
        return 1 + told.buffer_bytes // request

    def _exchange(
        self,
        requests: Sequence[Request],
        window: int,
        seconds: float | None = None,
        tries: int | None = None,
    ) -> list[Any]:
        """The replies to requests, in their order."""
        told = getattr(self, "_identity", None)
        conversation = Conversation(requests, told)
        longest = max((len(payload) for _, payload in requests), default=0)
        wait = self._patience.reply + longest * self._patience.byte if seconds is None else seconds
        parser = self._parser()
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

    def _send(self, conversation: Conversation, window: int) -> None:
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

    def _resynchronise(self, conversation: Conversation, parser: link.FrameParser, tries: int) -> None:
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
        return self._parser()

    def _parser(self) -> link.FrameParser:
        """Before the board has told what it answers, only short replies are awaited."""
        told: link.Identity | None = getattr(self, "_identity", None)
        return link.FrameParser(told.max_reply if told else link.MAX_REPLY_PAYLOAD)

    def _count(self, conversation: Conversation) -> None:
        for name in ("sent", "answered", "refused", "silent", "strays"):
            setattr(self.traffic, name, getattr(self.traffic, name) + getattr(conversation, name))


def _identity(reply: link.Identity) -> Identity:
    return Identity(
        reply.model_hash,
        reply.build_id,
        reply.vector_bytes,
        reply.types.answer,
        reply.clock_hz,
        reply.bench_vectors,
        "chip",
        reply.types.input.type_name,
        reply.types.input.shape,
        reply.types.output.shape,
    )
