"""The chip of the streamed form through its UART pins: parts of vectors in, parts of answers out, and a bad line."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import numpy as np
import pytest

from hls.chip import frame_bytes
from hls.simulate_chip import ChipSimulator, Script
from hls.virtual_board import Faults, VirtualBoard
from tests.sim.hls.axi.shapes import Shape
from tests.sim.hls.fake_core import FakeCore, build_chip
from toolchain.device.link import protocol as link
from toolchain.device.link import streamed
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.link.serial_port import SerialPort
from toolchain.results.core import CoreDescription, CoreOutput

CLOCK_HZ, BAUD, TIMEOUT_US = 12_000_000, 1_000_000, 1000
# Vectors of 66 bytes: three parts of 18, and one of 12 with six of padding. Answers of 60: three of 18 and one of 6.
PART, PARTS, ANSWER = 18, 4, 60
SHAPE = Shape(
    FakeCore(inputs=66, type_name="UINT8", bits=8, elements_per_beat=3, folded=False, delay=5, classes=200),
    32,
    CoreOutput(30, 12, True, 2, None),
)
QUIET = 3000


class Streamed:
    """A core whose vectors and answers both take several parts."""

    def generate(self, folder: Path) -> CoreDescription:
        core = SHAPE.generate_core(folder)
        assert (frame_bytes(core), core.output.layout.size) == (PART, ANSWER)
        return core


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streamed")


@pytest.fixture(scope="module")
def chip(folder: Path) -> ChipSimulator:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hls.chip._PART_BYTES", 20)
        return build_chip(Streamed(), folder, np.zeros((0, 66)), timeout_us=TIMEOUT_US, streamed=True)


def parsed(chip: ChipSimulator, script: Script) -> list[list[streamed.Reply]]:
    return [streamed.parse_replies(data, 63) for data in chip.play(script).replies]


def vectors(seed: int, many: int) -> tuple[list[bytes], list[bytes]]:
    """Packed vectors and the bytes of their answers."""
    x = SHAPE.core.random(seed, many)
    return [row.tobytes() for row in SHAPE.packed(x)], SHAPE.sent(x)


def push(part: bytes, number: int) -> bytes:
    return link.encode_frame(streamed.PUSH, number % 256, streamed.push_payload(part, number))


def take(number: int) -> bytes:
    return link.encode_frame(streamed.TAKE, number % 256, streamed.take_payload(number))


def bench(part: bytes, many: int) -> bytes:
    return link.encode_frame(link.BENCH, 9, streamed.bench_payload(part, many))


def damaged(frame: bytes, at: int) -> bytes:
    return frame[:at] + bytes([frame[at] ^ 0x10]) + frame[at + 1 :]


def pieces(answer: bytes) -> list[bytes]:
    return [answer[at : at + PART] for at in range(0, ANSWER, PART)]


def played(vector: bytes) -> bytes:
    """The answer to the first part of a vector, over and over."""
    return SHAPE.sent(np.resize(np.frombuffer(vector[:PART], np.uint8), (1, len(vector))))[0]


def test_it_tells_its_form(chip: ChipSimulator) -> None:
    [[told]] = parsed(chip, Script().send(link.identify_request(1)).listen())
    assert isinstance(told, link.Identity) and streamed.is_streamed(told)
    assert (told.bench_vectors, told.part_bytes, told.max_payload, told.vector_bytes) == (0, PART, 31, 66)
    assert (told.clock_hz, told.timeout_us, told.buffer_bytes) == (CLOCK_HZ, TIMEOUT_US, 63)
    assert told.types.answer == SHAPE.layout


def test_parts_go_in_as_they_come_and_answers_out_as_they_are_asked_for(chip: ChipSimulator) -> None:
    """Of three vectors: all parts of one, then its answer, each part asked for twice, as if a reply had been lost."""
    packed, right = vectors(2, 3)
    script, numbers, at = Script(), count(), count()
    for vector in packed:
        for part in streamed.parts_of(vector, PART):
            script.send(push(part, next(numbers))).listen().pause(50)
        for _ in range(PARTS):
            number = next(at)
            script.send(take(number)).listen().send(take(number)).listen()
    script.send(take(next(at))).listen().send(link.counters_request(1)).listen()
    *told, [nothing], [counters] = parsed(chip, script)
    for index, answer in enumerate(right):
        replies = [reply for [reply] in told[index * 3 * PARTS : (index + 1) * 3 * PARTS]]
        assert [reply.parts for reply in replies[:PARTS]] == [index * PARTS + k + 1 for k in range(PARTS)]
        first, again = replies[PARTS::2], replies[PARTS + 1 :: 2]
        assert first == again
        assert [(reply.number - index * PARTS, reply.data) for reply in first] == list(enumerate(pieces(answer)))
    assert nothing == streamed.Taken(12, 12, b"") and counters.inferences == 3
    assert len(set(right)) == 3


def test_what_is_damaged_repeated_or_out_of_turn_changes_nothing(chip: ChipSimulator) -> None:
    [vector], [right] = vectors(3, 1)
    parts = streamed.parts_of(vector, PART)
    other = bytes(reversed(range(PART)))
    script = Script().send(take(0)).listen().send(take(1)).listen().send(take(7)).listen()
    for number, part in enumerate(parts):
        for at in (2, 4, 6, 12, 24, 27, 29):  # command, length, part, its number, CRC
            script.send(damaged(push(part, number), at)).listen(reply_cycles=QUIET).pause(TIMEOUT_US + 50)
        script.send(push(other, number + 1)).listen().send(push(part, number)).listen().send(
            push(other, number)
        ).listen()
    for number in range(PARTS):
        script.send(damaged(take(number), 8)).listen().send(take(number + 2)).listen().send(take(number)).listen()
    early, *told = parsed(chip, script)[2:]
    assert early == [streamed.Taken(7, 0, b"")]
    for number in range(PARTS):
        *spoiled, ahead, own, again = told[10 * number : 10 * (number + 1)]
        assert all(isinstance(reply, link.Failure) for replies in spoiled for reply in replies)
        assert [reply.parts for [reply] in (ahead, own, again)] == [number, number + 1, number + 1]
    out = told[10 * PARTS :]
    assert [reply.data for [reply] in out[2::3]] == pieces(right)
    assert [reply.code for [reply] in out[0::3]] == [link.BAD_CRC] * PARTS


def test_the_core_waits_for_a_host_that_does_not_read(chip: ChipSimulator) -> None:
    """Two parts of an answer fill; then beats of the next vectors wait in front of the core, and parts are refused."""
    packed, right = vectors(4, 3)
    parts = [part for vector in packed for part in streamed.parts_of(vector, PART)]
    script = Script()
    for number, part in enumerate(parts):
        script.send(push(part, number)).listen().pause(200)
    stuck = [reply.parts for [reply] in parsed(chip, script)]
    held = stuck[-1]
    assert stuck == [min(number + 1, held) for number in range(len(parts))] and held < len(parts)
    # From there on a part is taken, and all that may still be missing pushed: what is not next is not counted.
    for number in range(3 * PARTS):
        script.send(take(number)).listen().pause(100)
        for later in range(held, len(parts)):
            script.send(push(parts[later], later)).listen()
    out = [reply for [reply] in parsed(chip, script)[len(parts) :] if isinstance(reply, streamed.Taken)]
    assert b"".join(reply.data for reply in out) == b"".join(right)


def test_a_bench_plays_one_part_over_and_over(chip: ChipSimulator) -> None:
    """As fast as the core takes it; refused while vectors are under way, until a break."""
    packed, _ = vectors(5, 2)
    script = Script()
    for many in (0, 1, 20, 1):
        script.send(bench(packed[0][:PART], many)).listen()
    script.send(damaged(bench(packed[0][:PART], 5), 8)).listen()
    for number, part in enumerate(streamed.parts_of(packed[1], PART)):
        script.send(push(part, number)).listen().pause(200)
    script.send(bench(packed[0][:PART], 2)).listen().send(take(0)).listen()
    script.low(link.BREAK_BITS).pause(60).send(take(0)).listen().send(bench(packed[1][:PART], 3)).listen()
    nothing, one, many, again, spoiled, *_, busy, kept, [empty], after = parsed(chip, script)
    answers = [played(vector) for vector in packed]
    assert nothing == [streamed.Played(9, 0, 0)]
    assert one == again == [streamed.Played(9, SHAPE.latency, link.bench_checksum([answers[0]], 1))]
    assert many[0].checksum == link.bench_checksum([answers[0]], 20)
    assert SHAPE.interval <= (many[0].cycles - SHAPE.latency) / 19 < 2 * SHAPE.interval
    assert spoiled[0].code == link.BAD_CRC and busy == [link.Failure(9, link.BAD_LENGTH, link.BENCH)]
    assert kept[0].data == pieces(vectors(5, 2)[1][1])[0] and empty == streamed.Taken(0, 0, b"")
    assert after[0].checksum == link.bench_checksum([answers[1]], 3)


@pytest.mark.parametrize(("fault", "rate"), [("bits", 2e-4), ("lost", 1e-3), ("doubled", 1e-3), ("reset", 1e-3)])
def test_a_bad_line_or_board_changes_no_answer(chip: ChipSimulator, folder: Path, fault: str, rate: float) -> None:
    """The driver against the chip behind a pseudo-terminal."""
    packed, right = vectors(6, 12)
    paths = [folder / "rtl" / name for name in sorted(p.name for p in (folder / "rtl").glob("*.v"))]
    faults = Faults(**{fault: rate}, seed=3)  # type: ignore[arg-type]
    line = {"clock_hz": CLOCK_HZ, "baud": BAUD, "timeout_us": TIMEOUT_US}
    with VirtualBoard(paths, folder / "virtual", faults=faults, **line) as virtual:
        board = SerialBoard(SerialPort(virtual.port, BAUD), Patience(reply=0.6, quiet=0.2))
        answers = board.infer_many(packed)
        board.play(packed[3])
        benched = board.bench(4)
        board.close()
    assert [SHAPE.layout.encode(values) for values in answers] == right
    assert (benched.values, benched.checksum) == ((), link.bench_checksum([played(packed[3])], 4))
