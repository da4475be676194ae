"""Requests and replies of the host link's streamed form (docs/host-link.md, version 3), beside those of all boards.

Standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, Union

from toolchain.device.link import protocol as link

PUSH, TAKE = 0x06, 0x07
_NUMBER = struct.Struct("<I")
_PLAYED = struct.Struct("<6sI")


class Pushed(NamedTuple):
    """Reply to `push`: how many parts the board took since its last reset."""

    sequence: int
    parts: int


class Taken(NamedTuple):
    """Reply to `take`: the number of the part of an answer that comes next, and its bytes; none before it is there."""

    sequence: int
    number: int
    data: bytes


class Played(NamedTuple):
    """Reply to `bench`: clock cycles of the whole run, CRC-32 of the bytes of all answers."""

    sequence: int
    cycles: int
    checksum: int


Reply = Union[link.Reply, Pushed, Taken, Played]  # noqa: UP007 (Python 3.8)


def is_streamed(told: link.Identity) -> bool:
    """Whether a board has the streamed form, which holds neither a vector nor an answer."""
    return told.version == link.STREAMED_VERSION


def parts_of(vector: bytes, part_bytes: int) -> list[bytes]:
    """The parts of a packed vector, all of one size: zeros behind the last one's bytes."""
    return [vector[at : at + part_bytes].ljust(part_bytes, b"\0") for at in range(0, len(vector), part_bytes)]


def push_payload(part: bytes, number: int) -> bytes:
    """A part of a vector with its number since the last reset."""
    return part + _NUMBER.pack(number)


def take_payload(number: int) -> bytes:
    """Asks for the part of an answer that has this number since the last reset."""
    return _NUMBER.pack(number)


def bench_payload(part: bytes, inferences: int) -> bytes:
    """Asks for so many inferences (32 bits) of the vector that is this part over and over.

    Raises:
        ProtocolError: more inferences than 32 bits count.
    """
    return part + link.bench_request(0, inferences)[link.HEADER_BYTES : -link.CRC_BYTES]


def decode_reply(frame: link.Frame) -> Reply:
    """The typed reply that a frame carries, of either form.

    Raises:
        ProtocolError: as `protocol.decode_reply`.
    """
    body, sequence = frame.payload, frame.sequence
    if frame.command == link.REPLY | PUSH and len(body) == _NUMBER.size:
        return Pushed(sequence, *_NUMBER.unpack(body))
    if frame.command == link.REPLY | TAKE and len(body) >= _NUMBER.size:
        return Taken(sequence, int.from_bytes(body[: _NUMBER.size], "little"), body[_NUMBER.size :])
    if frame.command == link.REPLY | link.BENCH and len(body) == _PLAYED.size:
        cycles, checksum = _PLAYED.unpack(body)
        return Played(sequence, int.from_bytes(cycles, "little"), checksum)
    return link.decode_reply(frame)


def encode_reply(reply: Reply) -> bytes:
    """The frame of a reply of either form, as a board sends it.

    Raises:
        ProtocolError: a value does not fit.
    """
    if isinstance(reply, Pushed):
        return link.encode_frame(link.REPLY | PUSH, reply.sequence, _NUMBER.pack(reply.parts))
    if isinstance(reply, Taken):
        return link.encode_frame(link.REPLY | TAKE, reply.sequence, _NUMBER.pack(reply.number) + reply.data)
    if isinstance(reply, Played):
        payload = _PLAYED.pack(reply.cycles.to_bytes(6, "little"), reply.checksum)
        return link.encode_frame(link.REPLY | link.BENCH, reply.sequence, payload)
    return link.encode_reply(reply)


def parse_replies(data: bytes, max_payload: int) -> list[Reply]:
    """All replies in a finished recording; garbage around them is skipped."""
    parser = link.FrameParser(max_payload)
    return [decode_reply(frame) for frame in parser.feed(data) + parser.flush()]
