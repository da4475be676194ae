"""Frames, parser and values of the host link, against the specification and under fuzz."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from hls.pack import pack_inputs
from tests.doubles.uart_board import class_bytes
from toolchain.device.link import protocol as link
from toolchain.device.link import streamed

REPOSITORY = Path(__file__).parents[5]
SPECIFICATION = REPOSITORY / "docs" / "host-link.md"

IDENTITY = link.Identity(
    sequence=1,
    version=2,
    model_hash=bytes(range(0x10, 0x18)),
    build_id=bytes(range(0xA0, 0xA8)),
    clock_hz=25_000_000,
    bench_vectors=64,
    max_payload=63,
    part_bytes=0,
    buffer_bytes=63,
    timeout_us=10_000,
    types=link.Types(link.Tensor(1, link.UNSIGNED, (316,)), link.Tensor(3, link.UNSIGNED, (1,)), 5),
)
REPLIES: list[link.Reply] = [
    IDENTITY,
    link.Inference(2, b"\x04", 133),
    link.Inference(2, bytes(range(40)), 133),
    link.Bench(3, b"\x01", 2**48 - 1, 0x89ABCDEF),
    link.Loaded(6, 3),
    link.Counters(4, 1000, 2, 3, 2**32 - 1, 5),
    link.Failure(5, link.BAD_LENGTH, link.INFER),
]
REQUESTS = [
    link.identify_request(0x11),
    link.infer_request(0x12, bytes([0xDE, 0xAD, 0xBE, 0xEF, 0x01, 0x02])),
    link.bench_request(0x13, 1_000_000),
    link.counters_request(0x14),
    link.encode_frame(link.LOAD, 0x15, link.vector_requests(b"the part and rest", 4)[1][1]),
]


STREAMED = [
    link.encode_frame(streamed.PUSH, 0x16, streamed.push_payload(b"part", 1)),
    link.encode_frame(streamed.TAKE, 0x17, streamed.take_payload(2)),
    link.encode_frame(link.BENCH, 0x18, streamed.bench_payload(b"part", 5)),
]
STREAMED_REPLIES: list[streamed.Reply] = [
    streamed.Pushed(0x16, 2),
    streamed.Taken(0x17, 2, b"end"),
    streamed.Played(0x18, 1007, 0x2B0C6A5D),
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
def test_replies_survive_the_round_trip(reply: link.Reply) -> None:
    [frame] = link.FrameParser().feed(link.encode_reply(reply))
    assert link.decode_reply(frame) == reply


def test_requests_survive_the_round_trip() -> None:
    frames = link.FrameParser().feed(b"".join(REQUESTS))
    assert [frame.command for frame in frames] == [1, 2, 3, 4, 5]
    assert [frame.sequence for frame in frames] == [0x11, 0x12, 0x13, 0x14, 0x15]
    assert frames[2].payload == bytes([0x40, 0x42, 0x0F, 0x00])


def test_frame_layout_is_the_specified_one() -> None:
    body = bytes([2, 7, 3, 0]) + b"abc"
    assert link.infer_request(7, b"abc") == b"GW" + body + zlib.crc32(body).to_bytes(4, "little")


def test_examples_of_the_specification() -> None:
    """Every frame that docs/host-link.md spells out has a good CRC, and is one of these."""
    words = SPECIFICATION.read_text().split("```frames")[1:]
    lines = [line for block in words for line in block.split("```")[0].strip().splitlines()]
    frames = [bytes.fromhex(line.split("#")[0]) for line in lines]
    model = link.Inference(0x12, b"\x03", 133), link.Bench(0x13, b"\x01", 133_000_007, 0x2B0C6A5D)
    replies = [IDENTITY._replace(sequence=0x11), *model, link.Counters(0x14, 1000001, 4, 0, 0, 0), link.Loaded(0x15, 2)]
    replies.append(link.Failure(0x12, link.BAD_CRC, link.INFER))
    assert sorted(frames) == sorted([*REQUESTS, *STREAMED, *map(streamed.encode_reply, [*replies, *STREAMED_REPLIES])])


def test_the_streamed_form_s_replies_survive_the_round_trip() -> None:
    told = IDENTITY._replace(version=link.STREAMED_VERSION, bench_vectors=0, part_bytes=1024, max_payload=2047)
    empty = streamed.Taken(1, 2**32 - 1, b"")
    for reply in (*REPLIES, *STREAMED_REPLIES, told, empty, streamed.Taken(1, 7, bytes(1024))):
        assert streamed.parse_replies(streamed.encode_reply(reply), told.max_reply) == [reply]
    assert streamed.is_streamed(told) and not streamed.is_streamed(IDENTITY)
    assert told.max_reply == 1028


def test_parts_of_a_vector_are_of_one_size() -> None:
    assert streamed.parts_of(b"abcdefg", 3) == [b"abc", b"def", b"g\0\0"]
    assert streamed.parts_of(b"abc", 3) == [b"abc"]
    with pytest.raises(link.ProtocolError, match="32 bits"):
        streamed.bench_payload(b"abc", 2**32)


def test_crc_is_the_named_standard() -> None:
    """The check value of CRC-32/ISO-HDLC, and the residue that the receiver compares with."""
    assert zlib.crc32(b"123456789") == 0xCBF43926
    frame = link.infer_request(1, b"xyz")
    assert zlib.crc32(frame[2:]) ^ 0xFFFFFFFF == 0xDEBB20E3


def test_up_to_four_flipped_bits_in_a_frame_are_always_found() -> None:
    """Hamming distance 5: no one to four columns of the check matrix cancel (a 40-byte vector)."""
    length = 4 + 40 + link.CRC_BYTES
    zero = zlib.crc32(bytes(length))
    flips = [1 << bit for bit in range(8 * length)]
    columns = np.array([zlib.crc32(flip.to_bytes(length, "little")) ^ zero for flip in flips])
    first, second = np.triu_indices(len(columns), 1)
    pairs = columns[first] ^ columns[second]
    assert len(np.unique(np.concatenate([[0], columns, pairs]))) == 1 + len(columns) + len(pairs)


# Parser ---------------------------------------------------------------------------------------


def random_frame(generator: random.Random) -> link.Frame:
    length = generator.randrange(0, link.MAX_REPLY_PAYLOAD + 1)
    return link.Frame(generator.randrange(256), generator.randrange(256), generator.randbytes(length))


def portions(generator: random.Random, data: bytes) -> list[bytes]:
    cuts = sorted(generator.randrange(len(data) + 1) for _ in range(generator.randrange(12)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@pytest.mark.parametrize("seed", range(100))
def test_parser_finds_every_frame_between_garbage(seed: int) -> None:
    generator = random.Random(seed)
    frames = [random_frame(generator) for _ in range(20)]
    data = b""
    for frame in frames:
        garbage = generator.choice([b"", b"G", b"GW", b"GWGW", generator.randbytes(40)])
        data += garbage + link.encode_frame(*frame)
    parser = link.FrameParser()
    found = [frame for portion in portions(generator, data) for frame in parser.feed(portion)]
    found += parser.flush()
    assert found == frames


def test_parser_gives_each_frame_as_soon_as_it_is_whole() -> None:
    parser = link.FrameParser()
    for request in REQUESTS:
        for byte in request[:-1]:
            assert parser.feed(bytes([byte])) == []
        assert len(parser.feed(request[-1:])) == 1
    assert (parser.crc_errors, parser.skipped) == (0, 0)


@pytest.mark.parametrize("seed", range(20))
def test_no_damaged_frame_is_accepted(seed: int) -> None:
    generator = random.Random(seed)
    good = link.encode_reply(REPLIES[seed % len(REPLIES)])
    for _ in range(50):
        text = bytearray(good)
        for _ in range(generator.randrange(1, 9)):
            text[generator.randrange(len(text))] ^= 1 << generator.randrange(8)
        parser = link.FrameParser()
        frames = parser.feed(bytes(text)) + parser.flush()
        assert frames == [] or bytes(text) == good
        assert parser.skipped == (0 if frames else len(text))


def test_parser_gives_up_impossible_lengths_at_once() -> None:
    parser = link.FrameParser()
    reply = link.encode_reply(IDENTITY)
    assert len(parser.feed(b"GW\x81\x00\xff\xff" + reply)) == 1
    assert parser.crc_errors == 1


def test_parser_of_requests_takes_longer_payloads() -> None:
    request = link.infer_request(1, bytes(784))
    assert link.FrameParser().feed(request) == []
    assert len(link.FrameParser(max_payload=1023).feed(request)) == 1


def test_flush_finds_what_a_false_header_hides() -> None:
    parser = link.FrameParser()
    hidden = link.encode_reply(REPLIES[1])
    assert parser.feed(b"GW\x81\x00\x3f\x00" + hidden) == []
    assert parser.flush() == [link.Frame(0x82, 2, bytes([4, 133, 0, 0, 0]))]
    assert parser.feed(hidden) != []


# Values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        link.Frame(0x82, 1, bytes(4)),
        link.Frame(0x02, 1, bytes(5)),
        link.Frame(0xFF, 1, b""),
        link.Frame(0x85, 1, b""),
    ],
)
def test_frames_that_are_no_reply(frame: link.Frame) -> None:
    with pytest.raises(link.ProtocolError, match="no reply has command"):
        link.decode_reply(frame)


def test_an_echoed_request_is_no_reply() -> None:
    for request in REQUESTS:
        with pytest.raises(link.ProtocolError):
            link.parse_replies(request)


@pytest.mark.parametrize("count", [-1, 2**32])
def test_bench_count_is_checked(count: int) -> None:
    with pytest.raises(link.ProtocolError, match="32 bits"):
        link.bench_request(0, count)


@pytest.mark.parametrize(
    "reply",
    [
        link.Inference(1, b"", 2**32),
        link.Bench(1, b"", 2**48, 0),
        link.Loaded(1, 2**16),
        IDENTITY._replace(types=IDENTITY.types._replace(classes=2**16)),
        IDENTITY._replace(types=IDENTITY.types._replace(input=link.Tensor(1, 0, (1, 2, 3, 4)))),
        link.Counters(256, 0, 0, 0, 0, 0),
        IDENTITY._replace(clock_hz=2**32),
        link.Failure(1, 300, 0),
    ],
)
def test_replies_that_do_not_fit(reply: link.Reply) -> None:
    with pytest.raises(link.ProtocolError):
        link.encode_reply(reply)


def test_every_error_code_has_a_text() -> None:
    for code in (link.BAD_CRC, link.UNKNOWN_COMMAND, link.BAD_LENGTH):
        assert link.Failure(0, code, 2).describe() == link.ERROR_TEXTS[code]
    assert "77" in link.Failure(0, 77, 2).describe()


@pytest.mark.parametrize(
    ("layout", "values"),
    [
        (link.AnswerLayout.of_class(300), (299,)),
        (link.AnswerLayout(3, 7, True, 0), (-64, 0, 63)),
        (link.AnswerLayout(2, 20, True, 0), (-(1 << 19), (1 << 19) - 1)),
        (link.AnswerLayout(2, 40, True, 0), (-(1 << 39), 5)),
        (link.AnswerLayout(4, 12, False, 0), (0, 1, 4094, 4095)),
    ],
)
def test_answers_survive_the_round_trip(layout: link.AnswerLayout, values: tuple[int, ...]) -> None:
    data = layout.encode(values)
    assert len(data) == layout.size == len(values) * -(-layout.bits // 8)
    assert layout.decode(data) == values
    assert data[: layout.element_bytes] == values[0].to_bytes(layout.element_bytes, "little", signed=layout.signed)


def test_answers_that_do_not_fit_their_layout() -> None:
    layout = link.AnswerLayout(2, 8, True, 0)
    for wrong in ([1], [1, 2, 3], [1, 128]):
        with pytest.raises(link.ProtocolError):
            layout.encode(wrong)
    with pytest.raises(link.ProtocolError, match="3 bytes; an answer has 2"):
        layout.decode(bytes(3))


def test_a_board_of_another_version_is_told_as_such() -> None:
    frame = link.encode_frame(link.REPLY | link.IDENTIFY, 3, bytes([1]).ljust(37, b"x"))
    assert link.parse_replies(frame) == [link.OtherVersion(3, 1)]


@pytest.mark.parametrize("inferences", [0, 1, 4, 5, 6, 999, 1_000_000, 3_000_001])
def test_bench_checksum(inferences: int) -> None:
    labels = [3, 0, 4, 1, 2]
    expected = zlib.crc32((bytes(labels) * (inferences // 5 + 1))[:inferences])
    assert link.bench_checksum(class_bytes(labels), inferences) == expected


def test_bench_checksum_of_a_long_circle_and_a_short_run() -> None:
    labels = [i % 7 for i in range(1000)]
    assert link.bench_checksum(class_bytes(labels), 10) == zlib.crc32(bytes(labels[:10]))
    with pytest.raises(link.ProtocolError):
        link.bench_checksum([], 3)


@pytest.mark.parametrize(
    ("type_name", "low", "high"),
    [("BINARY", 0, 1), ("UINT2", 0, 3), ("UINT8", 0, 255), ("INT3", -4, 3), ("INT8", -128, 127)],
)
@pytest.mark.parametrize("elements", [1, 7, 79])
def test_pack_vector_equals_the_hardware_packing(type_name: str, low: int, high: int, elements: int) -> None:
    values = np.random.default_rng(elements).integers(low, high + 1, (5, elements))
    for row, expected in zip(values, pack_inputs(values, type_name), strict=True):
        assert link.pack_vector(row.tolist(), type_name) == expected.tobytes()


def test_pack_vector_by_hand() -> None:
    assert link.pack_vector([1, 0, 1, 1, 0, 0, 0, 0, 1], "BINARY") == b"\x0d\x01"
    assert link.pack_vector([-1, 1, 1], "BIPOLAR") == b"\x06"
    assert link.pack_vector([1, -1], "INT4") == b"\xf1"


@pytest.mark.parametrize(
    ("values", "type_name"),
    [
        ([2], "BINARY"),
        ([0], "BIPOLAR"),
        ([3], "BIPOLAR"),
        ([-1], "UINT4"),
        ([8], "INT4"),
        ([0], "FLOAT32"),
        ([0], "UINT"),
        ([0], "INT0"),
    ],
)
def test_pack_vector_refuses(values: list[int], type_name: str) -> None:
    with pytest.raises(link.ProtocolError, match=type_name):
        link.pack_vector(values, type_name)


# Alone ----------------------------------------------------------------------------------------


def test_module_is_python_3_8_and_standard_library_only(tmp_path: Path) -> None:
    text = Path(link.__file__).read_text()
    tree = ast.parse(text, feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= set(sys.stdlib_module_names) | {"__future__"}
    (tmp_path / "alone.py").write_text(text)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import alone"
    command = [sys.executable, "-I", "-S", "-c", program]
    assert subprocess.run(command, check=False).returncode == 0
