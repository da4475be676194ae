"""Frames of the host link, both ways: requests, replies, CRC, a parser that survives garbage.

Standard library only, Python 3.8 or newer, and nothing else of this project: the file can be copied
and used alone. The specification is docs/host-link.md. Multi-byte numbers are little-endian.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Tuple, Union  # noqa: UP035 (Python 3.8)

PROTOCOL_VERSION = 2
STREAMED_VERSION = 3  # of the streamed form, whose own requests and replies are in streamed.py
SYNC = b"GW"
CRC_BYTES = 4
HEADER_BYTES = 6
OVERHEAD_BYTES = HEADER_BYTES + CRC_BYTES

IDENTIFY, INFER, BENCH, COUNTERS, LOAD = 0x01, 0x02, 0x03, 0x04, 0x05
REPLY = 0x80  # added to the command of the request
ERROR = 0xFF

BAD_CRC, UNKNOWN_COMMAND, BAD_LENGTH = 1, 2, 3
ERROR_TEXTS = {
    BAD_CRC: "the request came damaged (CRC)",
    UNKNOWN_COMMAND: "the board does not know the command",
    BAD_LENGTH: "the request has the wrong length for the board's model, or the vector that it runs is not there",
}

# The longest payload of a reply without an answer, see `Identity.max_reply`; no parser need wait for a longer one.
MAX_REPLY_PAYLOAD = 63

# A line held low this long resets the board's link and core, also out of an endless bench.
BREAK_BITS = 40
BITS_A_BYTE = 10  # on the line: a start bit, eight of the byte, a stop bit
LEAST_CYCLES_PER_BIT = 8  # of the chip's clock; fewer leave its receiver's filter no room

INFER_TAIL, _BENCH_TAIL = 4, 10  # bytes behind the answer
MOST_DIMENSIONS = 3  # of a tensor, as `identify` tells it
UNSIGNED, SIGNED, BIPOLAR = 0, 1, 2  # kinds of its elements
_IDENTITY = struct.Struct("<B8s8sIIHHHI")
_TENSOR = struct.Struct("<BBIHH")
_CLASSES = struct.Struct("<H")
_COUNTERS = struct.Struct("<5I")
_LETTERS = {1: "b", 2: "h", 4: "i", 8: "q"}  # of `struct`, by the bytes of an element
_CHUNK = 1 << 20


class ProtocolError(Exception):
    """A value that cannot be sent, or a reply that cannot be understood."""


class Frame(NamedTuple):
    """One frame, its CRC checked and taken off."""

    command: int
    sequence: int
    payload: bytes


class AnswerLayout(NamedTuple):
    """What a board answers an inference with, and how it lies in bytes, wherever answers are sent or kept.

    One element after the other, each extended by its sign to whole bytes, low byte first. A class is one element.

    Attributes:
        elements: integers of one answer.
        bits: bits of an element in the chip, 1 to 64.
        signed: whether an element is two's complement.
        classes: of how many classes the answer is one; 0 for a vector of integers.
    """

    elements: int
    bits: int
    signed: bool
    classes: int

    @classmethod
    def of_class(cls, classes: int) -> AnswerLayout:
        """An answer that is one of so many classes."""
        return cls(1, max(1, (classes - 1).bit_length()), False, classes)

    @property
    def element_bytes(self) -> int:
        """Bytes of one element."""
        return -(-self.bits // 8)

    @property
    def size(self) -> int:
        """Bytes of one answer."""
        return self.elements * self.element_bytes

    def encode(self, values: Iterable[int]) -> bytes:
        """The bytes of an answer.

        Raises:
            ProtocolError: a value does not fit, or another number of them.
        """
        elements, size = list(values), self.element_bytes
        try:
            data = b"".join(int(value).to_bytes(size, "little", signed=self.signed) for value in elements)
        except OverflowError:
            raise ProtocolError(f"{elements}: an element does not fit {8 * size} bits") from None
        self.decode(data)
        return data

    def decode(self, data: bytes) -> Tuple[int, ...]:  # noqa: UP006 (Python 3.8)
        """The elements of an answer.

        Raises:
            ProtocolError: another number of bytes than an answer has.
        """
        if len(data) != self.size:
            raise ProtocolError(f"{len(data)} bytes; an answer has {self.size}")
        letter = _LETTERS.get(self.element_bytes)
        if letter:
            return struct.unpack(f"<{self.elements}{letter if self.signed else letter.upper()}", data)
        parts = (data[at : at + self.element_bytes] for at in range(0, self.size, self.element_bytes))
        return tuple(int.from_bytes(part, "little", signed=self.signed) for part in parts)


class Tensor(NamedTuple):
    """Integers that go in, or come out.

    Attributes:
        bits: of one element.
        kind: UNSIGNED, SIGNED (two's complement) or BIPOLAR (-1 and +1 as 0 and 1).
        shape: without the batch, channels last; 1 to MOST_DIMENSIONS sizes.
    """

    bits: int
    kind: int
    shape: Tuple[int, ...]  # noqa: UP006

    @property
    def elements(self) -> int:
        """Elements of one vector, or of one answer."""
        count = 1 if self.shape else 0
        for size in self.shape:
            count *= size
        return count

    @property
    def type_name(self) -> str:
        """The qonnx name of the elements' type, as `pack_vector` takes it."""
        if self.bits == 1 and self.kind != SIGNED:
            return "BIPOLAR" if self.kind == BIPOLAR else "BINARY"
        return f"{'INT' if self.kind == SIGNED else 'UINT'}{self.bits}"

    def encode(self) -> bytes:
        """As `identify` tells it.

        Raises:
            ProtocolError: more dimensions, or one too large.
        """
        sizes = [*self.shape, *[0] * (MOST_DIMENSIONS - len(self.shape))]
        try:
            return _TENSOR.pack(self.bits, self.kind, *sizes)
        except struct.error as error:
            raise ProtocolError(f"a tensor of shape {self.shape} cannot be told: {error}") from error

    @classmethod
    def decode(cls, data: bytes) -> Tensor:
        """What `encode` made, or ProtocolError."""
        bits, kind, *sizes = _TENSOR.unpack(data)
        tensor = cls(bits, kind, tuple(size for size in sizes if size))
        if tensor.encode() != data:
            raise ProtocolError(f"{sizes} is no shape")
        return tensor


class Types(NamedTuple):
    """What goes in and what comes out; `classes`: of how many the answer is one, 0 for a vector of integers."""

    input: Tensor
    output: Tensor
    classes: int

    @property
    def answer(self) -> AnswerLayout:
        """How an answer lies in bytes."""
        return AnswerLayout(self.output.elements, self.output.bits, self.output.kind == SIGNED, self.classes)

    def encode(self) -> bytes:
        """The last bytes of the reply to `identify`.

        Raises:
            ProtocolError: a shape or a number of classes cannot be told.
        """
        if not 0 <= self.classes <= 0xFFFF:
            raise ProtocolError(f"{self.classes} classes cannot be told; 65,535 at most")
        return self.input.encode() + self.output.encode() + _CLASSES.pack(self.classes)


class Identity(NamedTuple):
    """Reply to `identify`: what the board is.

    Attributes:
        max_payload: longest payload of a request that the board receives at all.
        part_bytes: of a vector, that one `load` or `push` carries; 0 where `infer` carries it whole.
        types: what goes in and what comes out.
    """

    sequence: int
    version: int
    model_hash: bytes
    build_id: bytes
    clock_hz: int
    bench_vectors: int
    max_payload: int
    part_bytes: int
    buffer_bytes: int
    timeout_us: int
    types: Types

    @property
    def vector_bytes(self) -> int:
        """Bytes of one packed vector."""
        return (self.types.input.elements * self.types.input.bits + 7) // 8

    @property
    def parts(self) -> int:
        """How many `load` a vector takes before the `infer` that carries its rest."""
        return (self.vector_bytes - 1) // self.part_bytes if self.part_bytes else 0

    @property
    def max_reply(self) -> int:
        """The longest payload of a reply."""
        streamed = self.version == STREAMED_VERSION
        return max(MAX_REPLY_PAYLOAD, self.part_bytes + 4 if streamed else self.types.answer.size + _BENCH_TAIL)


class OtherVersion(NamedTuple):
    """Reply to `identify` of a board that speaks another version of the protocol: no more of it is understood."""

    sequence: int
    version: int


class Loaded(NamedTuple):
    """Reply to `load`: how many parts of the vector the board holds now, in order."""

    sequence: int
    held: int


class Inference(NamedTuple):
    """Reply to `infer`: the bytes of the answer (`Identity.answer` decodes them), and the clock cycles it took."""

    sequence: int
    answer: bytes
    cycles: int


class Bench(NamedTuple):
    """Reply to `bench`: last answer, clock cycles of the whole run, CRC-32 of the bytes of all answers."""

    sequence: int
    answer: bytes
    cycles: int
    checksum: int


class Counters(NamedTuple):
    """Reply to `counters`: events since configuration, modulo 2**32."""

    sequence: int
    inferences: int
    good_frames: int
    crc_errors: int
    line_errors: int
    resyncs: int


class Failure(NamedTuple):
    """Error reply: the code and the command of the request as the board received it."""

    sequence: int
    code: int
    command: int

    def describe(self) -> str:
        """One line for a person."""
        return ERROR_TEXTS.get(self.code, f"the board reports error {self.code}")


Reply = Union[Identity, OtherVersion, Loaded, Inference, Bench, Counters, Failure]  # noqa: UP007 (Python 3.8)


def encode_frame(command: int, sequence: int, payload: bytes = b"") -> bytes:
    """One frame: sync, command, sequence, length, payload, CRC-32 of command to payload."""
    if not (0 <= command <= 0xFF and 0 <= sequence <= 0xFF and len(payload) <= 0xFFFF):
        raise ProtocolError(f"command {command}, sequence {sequence} or {len(payload)} bytes do not fit a frame")
    body = struct.pack("<BBH", command, sequence, len(payload)) + payload
    return SYNC + body + struct.pack("<I", zlib.crc32(body))


class FrameParser:
    """Finds frames in bytes that come in any portions; skips and counts garbage and damage.

    After a damaged frame the search goes on one byte after its start: no good frame inside it is missed.

    Attributes:
        crc_errors: frames whose CRC was wrong, or whose length was impossible.
        skipped: bytes that were part of no good frame.
    """

    def __init__(self, max_payload: int = MAX_REPLY_PAYLOAD) -> None:
        """`max_payload`: frames that claim a longer payload are garbage."""
        self.crc_errors = self.skipped = 0
        self._max_payload, self._buffer = max_payload, bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Frames that these bytes complete, in order."""
        self._buffer += data
        return list(self._frames())

    def flush(self) -> list[Frame]:
        """Frames behind a begun one that will not be completed; leaves the parser empty."""
        frames: list[Frame] = []
        while self._buffer:
            self._skip(1)
            frames += self._frames()
        return frames

    def _frames(self) -> Iterator[Frame]:
        while self._find_sync() and len(self._buffer) >= HEADER_BYTES:
            command, sequence, length = struct.unpack_from("<BBH", self._buffer, len(SYNC))
            size = OVERHEAD_BYTES + length
            if length <= self._max_payload and len(self._buffer) < size:
                return
            if length <= self._max_payload and self._crc_is_good(size):
                yield Frame(command, sequence, bytes(self._buffer[HEADER_BYTES : size - CRC_BYTES]))
                del self._buffer[:size]
            else:
                self.crc_errors += 1
                self._skip(1)

    def _find_sync(self) -> bool:
        at = self._buffer.find(SYNC)
        if at < 0:
            at = len(self._buffer) - (1 if self._buffer.endswith(SYNC[:1]) else 0)
        self._skip(at)
        return self._buffer.startswith(SYNC)

    def _crc_is_good(self, size: int) -> bool:
        (expected,) = struct.unpack_from("<I", self._buffer, size - CRC_BYTES)
        return bool(zlib.crc32(self._buffer[len(SYNC) : size - CRC_BYTES]) == expected)

    def _skip(self, count: int) -> None:
        self.skipped += count
        del self._buffer[:count]


def identify_request(sequence: int) -> bytes:
    """Ask what the board is."""
    return encode_frame(IDENTIFY, sequence)


def infer_request(sequence: int, vector: bytes) -> bytes:
    """Ask for the answer to one packed vector (`pack_vector`), or to the rest of one of which the board holds parts."""
    return encode_frame(INFER, sequence, vector)


def vector_requests(vector: bytes, part_bytes: int) -> list[tuple[int, bytes]]:
    """Command and payload of each request of a packed vector: `load` with a part and its number, at last `infer`."""
    size = part_bytes or len(vector)
    *parts, rest = [vector[at : at + size] for at in range(0, len(vector), size)]
    return [*((LOAD, part + struct.pack("<H", number)) for number, part in enumerate(parts)), (INFER, rest)]


def bench_request(sequence: int, inferences: int) -> bytes:
    """Ask for that many inferences (32 bits) of the stored vectors, 0, 1, ... in a circle."""
    if not 0 <= inferences <= 0xFFFFFFFF:
        raise ProtocolError(f"{inferences} inferences do not fit 32 bits")
    return encode_frame(BENCH, sequence, struct.pack("<I", inferences))


def counters_request(sequence: int) -> bytes:
    """Ask for the counters."""
    return encode_frame(COUNTERS, sequence)


def decode_reply(frame: Frame) -> Reply:
    """The typed reply that a frame carries.

    Raises:
        ProtocolError: an unknown command, or a payload of the wrong length for it.
    """
    body, sequence, command = frame.payload, frame.sequence, frame.command
    if command == REPLY | IDENTIFY and body:
        return _identity(sequence, body)
    if command == REPLY | INFER and len(body) > INFER_TAIL:
        return Inference(sequence, body[:-INFER_TAIL], int.from_bytes(body[-INFER_TAIL:], "little"))
    if command == REPLY | BENCH and len(body) > _BENCH_TAIL:
        answer, cycles, checksum = body[:-_BENCH_TAIL], body[-_BENCH_TAIL:-4], body[-4:]
        return Bench(sequence, answer, int.from_bytes(cycles, "little"), int.from_bytes(checksum, "little"))
    if command == REPLY | COUNTERS and len(body) == _COUNTERS.size:
        return Counters(sequence, *_COUNTERS.unpack(body))
    if command == REPLY | LOAD and len(body) == 2:
        return Loaded(sequence, int.from_bytes(body, "little"))
    if command == ERROR and len(body) == 2:
        return Failure(sequence, body[0], body[1])
    raise ProtocolError(f"no reply has command 0x{command:02x} with {len(body)} bytes")


def _identity(sequence: int, body: bytes) -> Reply:
    """Its first byte, the version, stands there in every version."""
    if body[0] not in (PROTOCOL_VERSION, STREAMED_VERSION):
        return OtherVersion(sequence, body[0])
    fixed, tensor = _IDENTITY.size, _TENSOR.size
    if len(body) != fixed + 2 * tensor + _CLASSES.size:
        raise ProtocolError(f"no reply to identify has {len(body)} bytes")
    input_, output = (Tensor.decode(body[at : at + tensor]) for at in (fixed, fixed + tensor))
    (classes,) = _CLASSES.unpack_from(body, fixed + 2 * tensor)
    return Identity(sequence, *_IDENTITY.unpack_from(body), Types(input_, output, classes))  # type: ignore[call-arg]


def encode_reply(reply: Reply) -> bytes:
    """The frame of a reply, as a board sends it."""
    sequence = reply.sequence
    try:
        if isinstance(reply, Identity):
            return encode_frame(REPLY | IDENTIFY, sequence, _IDENTITY.pack(*reply[1:-1]) + reply.types.encode())
        if isinstance(reply, OtherVersion):
            return encode_frame(REPLY | IDENTIFY, sequence, bytes([reply.version]))
        if isinstance(reply, Loaded):
            return encode_frame(REPLY | LOAD, sequence, struct.pack("<H", reply.held))
        if isinstance(reply, Counters):
            return encode_frame(REPLY | COUNTERS, sequence, _COUNTERS.pack(*reply[1:]))
        if isinstance(reply, Inference):
            return encode_frame(REPLY | INFER, sequence, reply.answer + struct.pack("<I", reply.cycles))
        if isinstance(reply, Bench):
            tail = reply.cycles.to_bytes(6, "little") + struct.pack("<I", reply.checksum)
            return encode_frame(REPLY | BENCH, sequence, reply.answer + tail)
        return encode_frame(ERROR, sequence, bytes([reply.code, reply.command]))
    except (struct.error, OverflowError, ValueError) as error:
        raise ProtocolError(f"{reply} does not fit its frame: {error}") from error


def parse_replies(data: bytes, max_payload: int = MAX_REPLY_PAYLOAD) -> list[Reply]:
    """All replies in a finished recording; garbage around them is skipped."""
    parser = FrameParser(max_payload)
    return [decode_reply(frame) for frame in parser.feed(data) + parser.flush()]


def bench_checksum(answers: Sequence[bytes], inferences: int) -> int:
    """Checksum that `bench` returns: CRC-32 of the bytes of all answers, in order.

    Args:
        answers: the answer to each vector that is played, as `AnswerLayout` lays it.
        inferences: how many are run; 0 gives 0.
    """
    if not answers or not answers[0]:
        raise ProtocolError("a bench without vectors has no checksum")
    circle, left = b"".join(answers), len(answers[0]) * inferences
    block = circle * max(1, min(_CHUNK, left) // len(circle))
    checksum = 0
    for _ in range(left // len(block)):
        checksum = zlib.crc32(block, checksum)
    return zlib.crc32(block[: left % len(block)], checksum)


def pack_vector(values: Iterable[int], type_name: str) -> bytes:
    """Packed vector of network inputs: element 0 lowest, zero bits up to whole bytes.

    Args:
        values: one integer an element.
        type_name: qonnx name of the elements' type: BINARY, BIPOLAR (-1 and +1 become 0 and 1),
            UINT<n> or INT<n> (two's complement).

    Raises:
        ProtocolError: an unknown type, or a value outside it.
    """
    bits, low, step = _element(type_name)
    codes = []
    for index, value in enumerate(values):
        code, rest = divmod(value - low, step)
        if rest or not 0 <= code < 1 << bits:
            raise ProtocolError(f"element {index}: {value} is outside {type_name}")
        # Two's complement of a signed type is the value itself, modulo 2**bits.
        codes.append(code if step == 2 else value % (1 << bits))
    groups = [codes[at : at + 8] for at in range(0, len(codes), 8)]  # eight elements are whole bytes
    packed = b"".join(sum(c << i * bits for i, c in enumerate(g)).to_bytes(bits, "little") for g in groups)
    return packed[: (len(codes) * bits + 7) // 8]


def _element(type_name: str) -> tuple[int, int, int]:
    """Bits of an element, the lowest value of its type, and the distance between values."""
    if type_name in ("BINARY", "BIPOLAR"):
        return (1, 0, 1) if type_name == "BINARY" else (1, -1, 2)
    for prefix, signed in (("UINT", False), ("INT", True)):
        digits = type_name[len(prefix) :] if type_name.startswith(prefix) else ""
        if digits.isdigit() and int(digits) > 0:
            return int(digits), -(1 << (int(digits) - 1)) if signed else 0, 1
    raise ProtocolError(f"{type_name} is no input type; use BINARY, BIPOLAR, UINT<n> or INT<n>")
