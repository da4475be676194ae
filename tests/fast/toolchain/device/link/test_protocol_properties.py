"""The host link: any portions give the same frames, no damage becomes an answer, and values come back as they were."""

from __future__ import annotations

import zlib
from itertools import pairwise

from tests.doubles.uart_board import class_bytes
from tests.properties import given, st
from toolchain.device.link import protocol as link

BYTE, SHORT, WORD = (st.integers(0, (1 << bits) - 1) for bits in (8, 16, 32))
EIGHT = st.binary(min_size=8, max_size=8)
SHAPES = st.tuples(st.integers(1, (1 << 32) - 1), st.integers(1, 0xFFFF), st.integers(1, 0xFFFF))
TENSORS = st.builds(link.Tensor, BYTE, BYTE, SHAPES)
TYPES = st.builds(link.Types, TENSORS, TENSORS, SHORT)
VERSION = st.just(link.PROTOCOL_VERSION)
IDENTITIES = st.builds(link.Identity, BYTE, VERSION, EIGHT, EIGHT, WORD, WORD, SHORT, SHORT, SHORT, WORD, TYPES)
ANSWERS = st.binary(min_size=1, max_size=40)
REPLIES = st.one_of(
    IDENTITIES,
    st.builds(link.Loaded, BYTE, SHORT),
    st.builds(link.Inference, BYTE, ANSWERS, WORD),
    st.builds(link.Bench, BYTE, ANSWERS, st.integers(0, (1 << 48) - 1), WORD),
    st.builds(link.Counters, BYTE, WORD, WORD, WORD, WORD, WORD),
    st.builds(link.Failure, BYTE, BYTE, BYTE),
)
FRAMES = st.builds(link.Frame, BYTE, BYTE, st.binary(max_size=link.MAX_REPLY_PAYLOAD))
GARBAGE = st.one_of(st.binary(max_size=20), st.sampled_from([b"G", b"GW", b"GWGW", b"GW\x81\x00\x3f\x00"]))
CUTS = st.lists(st.integers(0, 400), max_size=12)


def _parsed(data: bytes, cuts: list[int]) -> tuple[list[link.Frame], int, int]:
    """Frames and counts of bytes that come in these portions."""
    parser, places = link.FrameParser(), sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    found = [frame for a, b in pairwise(places) for frame in parser.feed(data[a:b])]
    return found + parser.flush(), parser.skipped, parser.crc_errors


@given(REPLIES)
def test_a_reply_comes_back_as_it_was_sent(reply: link.Reply) -> None:
    assert link.parse_replies(link.encode_reply(reply)) == [reply]


@given(st.lists(FRAMES, max_size=6), CUTS)
def test_a_sound_stream_gives_its_frames_in_any_portions(frames: list[link.Frame], cuts: list[int]) -> None:
    data = b"".join(link.encode_frame(*frame) for frame in frames)
    assert _parsed(data, cuts) == (frames, 0, 0)
    assert _parsed(data, list(range(len(data)))) == (frames, 0, 0)


@given(st.lists(st.tuples(GARBAGE, FRAMES), max_size=5), GARBAGE, CUTS)
def test_portions_decide_nothing_between_garbage(
    parts: list[tuple[bytes, link.Frame]], tail: bytes, cuts: list[int]
) -> None:
    data = b"".join(garbage + link.encode_frame(*frame) for garbage, frame in parts) + tail
    whole = _parsed(data, [])
    assert _parsed(data, cuts) == whole
    assert _parsed(data, list(range(len(data)))) == whole
    assert whole[0] == [frame for _, frame in parts]
    # Every byte is part of a good frame, or was counted.
    assert whole[1] == len(data) - sum(len(link.encode_frame(*frame)) for frame in whole[0])


@given(REPLIES, st.integers(0, 99), st.integers(1, 255), CUTS)
def test_a_corrupt_byte_is_never_another_answer(reply: link.Reply, at: int, change: int, cuts: list[int]) -> None:
    damaged = bytearray(link.encode_reply(reply))
    damaged[at % len(damaged)] ^= change
    frames, skipped, _ = _parsed(bytes(damaged), cuts)
    assert frames == []
    assert skipped == len(damaged)


@given(REPLIES, REPLIES, st.integers(0, 99), st.integers(0, 3))
def test_a_reply_that_lost_bytes_does_not_hide_the_next(
    lost: link.Reply, kept: link.Reply, at: int, count: int
) -> None:
    data = link.encode_reply(lost)
    at %= len(data)
    cut = data[:at] + data[at + 1 + count :]
    assert link.parse_replies(cut + link.encode_reply(kept)) == [kept]


@given(st.lists(BYTE, min_size=1, max_size=20), st.integers(0, 200))
def test_a_benchs_checksum_is_that_of_its_classes_in_a_circle(labels: list[int], count: int) -> None:
    classes = bytes(labels[index % len(labels)] for index in range(count))
    assert link.bench_checksum(class_bytes(labels), count) == zlib.crc32(classes)
