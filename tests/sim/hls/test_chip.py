"""The chip through its UART pins: every command, and every way to damage one."""

from __future__ import annotations

import random
import struct
import zlib
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from hls.chip import PllCell
from hls.simulate_chip import ChipSimulator, Script
from tests.doubles.uart_board import class_bytes
from tests.fast.boards.folders import open_board
from tests.sim.hls.fake_core import BUILD_ID, MODEL_HASH, FakeCore, build_chip
from toolchain.device.link import protocol as link
from toolchain.fpga import family_of
from toolchain.fpga.clocks import setting
from toolchain.fpga.pll import PLL_CELLS

CLOCK_HZ = 12_000_000
BIT = 12
TIMEOUT_US = 1000  # at 1 Mbaud also bit times
CORE = FakeCore()
BENCH = CORE.random(1, 6)
BENCH_LABELS = [CORE.label(vector) for vector in BENCH]
BENCH_ANSWERS = class_bytes(BENCH_LABELS)
# No reply needs longer than this; waiting less than 2,000,000 cycles for none keeps tests short.
QUIET = 3000


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> ChipSimulator:
    return build_chip(CORE, tmp_path_factory.mktemp("chip"), BENCH, timeout_us=TIMEOUT_US)


def packed(vector: np.ndarray) -> bytes:
    return link.pack_vector([int(value) for value in vector], CORE.type_name)


def answers(chip: ChipSimulator, *requests: bytes) -> list[list[link.Reply]]:
    return [link.parse_replies(data) for data in chip.exchange(requests, reply_cycles=100_000)]


def answered(sequence: int, label: int) -> link.Inference:
    return link.Inference(sequence, bytes([label]), CORE.latency)


def replies(chip: ChipSimulator, script: Script) -> list[list[link.Reply]]:
    return [link.parse_replies(data) for data in chip.play(script).replies]


def test_identify(chip: ChipSimulator) -> None:
    expected = link.Identity(
        sequence=200,
        version=2,
        model_hash=MODEL_HASH,
        build_id=BUILD_ID,
        clock_hz=CLOCK_HZ,
        bench_vectors=6,
        max_payload=7,
        part_bytes=0,
        buffer_bytes=63,
        timeout_us=TIMEOUT_US,
        types=link.Types(link.Tensor(2, link.UNSIGNED, (22,)), link.Tensor(3, link.UNSIGNED, (1,)), 5),
    )
    assert answers(chip, link.identify_request(200)) == [[expected]]


def test_infer_gives_class_and_latency(chip: ChipSimulator) -> None:
    vectors = CORE.random(2, 64)
    requests = [link.infer_request(i, packed(vector)) for i, vector in enumerate(vectors)]
    expected = [[answered(i, CORE.label(vector))] for i, vector in enumerate(vectors)]
    assert answers(chip, *requests) == expected
    assert len({reply[0].answer for reply in expected}) == CORE.classes


def test_back_to_back_requests_are_all_answered(chip: ChipSimulator) -> None:
    vectors = CORE.random(3, 100)
    stream = b"".join(link.infer_request(i, packed(vector)) for i, vector in enumerate(vectors))
    expected = [answered(i, CORE.label(v)) for i, v in enumerate(vectors)]
    assert answers(chip, stream) == [expected]


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 100, 1000])
def test_bench_equals_golden_and_runs_back_to_back(chip: ChipSimulator, count: int) -> None:
    [[reply]] = answers(chip, link.bench_request(7, count))
    label = BENCH_LABELS[(count - 1) % len(BENCH_LABELS)]
    cycles = (count - 1) * CORE.interval + CORE.latency
    checksum = link.bench_checksum(BENCH_ANSWERS, count)
    assert reply == link.Bench(7, bytes([label]), cycles, checksum)


def test_bench_of_nothing(chip: ChipSimulator) -> None:
    [_, [reply], [inference]] = answers(
        chip,
        link.bench_request(0, 3),
        link.bench_request(1, 0),
        link.infer_request(2, packed(BENCH[3])),
    )
    assert isinstance(reply, link.Bench)
    assert (reply.cycles, reply.checksum) == (0, 0)
    assert inference == answered(2, BENCH_LABELS[3])


def test_every_bench_starts_at_the_first_vector(chip: ChipSimulator) -> None:
    first, second = answers(chip, link.bench_request(1, 4), link.bench_request(1, 4))
    assert first == second


def test_counters_start_at_zero(chip: ChipSimulator) -> None:
    assert answers(chip, link.counters_request(0)) == [[link.Counters(0, 0, 1, 0, 0, 0)]]


def test_counters_add_up(chip: ChipSimulator) -> None:
    damaged = bytearray(link.identify_request(5))
    damaged[-1] ^= 1
    infer = link.infer_request(1, packed(BENCH[0]))
    script = Script().send(infer * 3).listen().send(link.bench_request(2, 300)).listen()
    script.send(bytes(damaged)).listen().send(b"noise").send(infer).listen()
    script.send_without_stop(b"x").pause(20).send_without_stop(b"y").pause(TIMEOUT_US + 50).send(
        link.counters_request(3)
    ).listen()
    [[counters]] = replies(chip, script)[-1:]
    # Lost synchronisation twice: in "noise", and in "x" and "y", which also are two line errors.
    assert counters == link.Counters(3, 304, 6, 1, 2, 2)


def test_counters_carry_into_the_next_byte(chip: ChipSimulator) -> None:
    script = Script().send(link.identify_request(1)).listen()
    frame = bytearray(link.identify_request(0))
    frame[-1] ^= 0x80
    for _ in range(300):
        script.send(bytes(frame)).listen()
    script.send(link.counters_request(0)).listen()
    assert replies(chip, script)[-1] == [link.Counters(0, 0, 2, 300, 0, 0)]


def damaged_then_good(frame: bytes, damaged: list[bytes]) -> Script:
    """Each damaged text, silence, then the good frame."""
    script = Script()
    for text in damaged:
        script.send(text).listen(reply_cycles=QUIET).pause(TIMEOUT_US + 50).send(frame).listen()
    return script


def assert_no_class_then_answer(results: list[list[link.Reply]], good: link.Reply) -> None:
    for after_damage, after_good in zip(results[::2], results[1::2], strict=True):
        assert all(isinstance(reply, link.Failure) for reply in after_damage)
        assert after_good == [good]


def test_no_corrupt_byte_gets_a_class(chip: ChipSimulator) -> None:
    vector = CORE.random(4, 1)[0]
    frame = link.infer_request(77, packed(vector))
    good = answered(77, CORE.label(vector))
    damaged = []
    for at in range(len(frame)):
        for mask in (0x01, 0x80, 0xFF, 0x5A):
            text = bytearray(frame)
            text[at] ^= mask
            damaged.append(bytes(text))
    assert_no_class_then_answer(replies(chip, damaged_then_good(frame, damaged)), good)


def test_no_lost_doubled_or_missing_byte_gets_a_class(chip: ChipSimulator) -> None:
    vector = CORE.random(5, 1)[0]
    frame = link.infer_request(78, packed(vector))
    good = answered(78, CORE.label(vector))
    damaged = [frame[:at] + frame[at + 1 :] for at in range(len(frame))]
    # Doubling the first sync byte is no damage: the frame begins at the second one.
    damaged += [frame[:at] + frame[at - 1 :] for at in range(2, len(frame))]
    damaged += [frame[:at] for at in range(1, len(frame))]
    assert_no_class_then_answer(replies(chip, damaged_then_good(frame, damaged)), good)


def line_of(frame: bytes) -> list[bool]:
    """Levels of the line, bit by bit, start and stop bits included."""
    return [bool(bits >> i & 1) for bits in (byte << 1 | 0x200 for byte in frame) for i in range(10)]


def test_no_flipped_line_bit_gets_a_class(chip: ChipSimulator) -> None:
    """Start and stop bits too: these shift or swallow whole bytes."""
    vector = CORE.random(6, 1)[0]
    frame = link.infer_request(79, packed(vector))
    levels = line_of(frame)
    script = Script()
    for at in range(len(levels)):
        flipped = [level != (i == at) for i, level in enumerate(levels)]
        for level in flipped:
            script = script.pause(1) if level else script.low(1)
        script.listen(reply_cycles=QUIET).pause(TIMEOUT_US + 50).send(frame).listen()
    results = replies(chip, script)
    assert len(results) == 2 * 10 * len(frame)
    good = answered(79, CORE.label(vector))
    # A last stop bit that comes a bit late is the one harmless flip: the byte itself arrived, but
    # the receiver still refuses it.
    assert_no_class_then_answer(results, good)


def test_garbage_then_good_frame(chip: ChipSimulator) -> None:
    vector = CORE.random(7, 1)[0]
    frame = link.infer_request(80, packed(vector))
    generator = random.Random(8)
    garbage = [generator.randbytes(generator.randrange(1, 120)) for _ in range(40)]
    garbage += [link.SYNC * 20, b"G" * 30, link.SYNC + bytes([2, 0, 7, 0]), frame[:-1]]
    garbage += [link.SYNC + bytes([2, 0, 255, 255]), bytes(100), b"\xff" * 100]
    results = replies(chip, damaged_then_good(frame, garbage))
    assert_no_class_then_answer(results, answered(80, CORE.label(vector)))


def test_false_sync_without_silence_costs_one_frame_at_most(chip: ChipSimulator) -> None:
    frame = link.infer_request(81, packed(BENCH[2]))
    good = answered(81, BENCH_LABELS[2])
    script = Script()
    for length in range(8):
        false_header = link.SYNC + bytes([link.INFER, 0, length, 0])
        script.send(false_header + frame * 3).listen().pause(TIMEOUT_US + 50)
    for result in replies(chip, script):
        assert [reply for reply in result if isinstance(reply, link.Inference)][-2:] == [good, good]


def test_overlong_frame_is_refused_at_its_header(chip: ChipSimulator) -> None:
    frame = link.encode_frame(link.INFER, 9, bytes(8))
    [[reply]] = answers(chip, frame[: link.HEADER_BYTES])
    assert reply == link.Failure(9, link.BAD_LENGTH, link.INFER)
    late, good = answers(chip, link.encode_frame(link.INFER, 9, bytes(5000)), frame)
    assert late[0] == reply
    assert good == [link.Failure(9, link.BAD_LENGTH, link.INFER)]


@pytest.mark.parametrize(
    ("command", "length"),
    [
        (link.INFER, 0),
        (link.INFER, 5),
        (link.INFER, 7),
        (link.BENCH, 0),
        (link.BENCH, 3),
        (link.BENCH, 5),
        (link.IDENTIFY, 1),
        (link.COUNTERS, 7),
    ],
)
def test_wrong_length(chip: ChipSimulator, command: int, length: int) -> None:
    wrong = link.encode_frame(command, 3, bytes(length))
    after = link.infer_request(4, packed(BENCH[1]))
    first, second, third = answers(chip, wrong, after, link.counters_request(5))
    assert first == [link.Failure(3, link.BAD_LENGTH, command)]
    assert second == [answered(4, BENCH_LABELS[1])]
    assert third == [link.Counters(5, 1, 3, 0, 0, 0)]


def test_unknown_commands(chip: ChipSimulator) -> None:
    unknown = [code for code in range(256) if not 1 <= code <= 4]  # nor 5, where vectors come whole
    requests = [link.encode_frame(code, code, bytes(code % 8)) for code in unknown]
    expected = [[link.Failure(code, link.UNKNOWN_COMMAND, code)] for code in unknown]
    assert answers(chip, *requests) == expected


def test_bad_crc_is_told(chip: ChipSimulator) -> None:
    body = struct.pack("<BBH", link.INFER, 6, 6) + bytes(6)
    frame = link.SYNC + body + struct.pack("<I", zlib.crc32(body) ^ 1 << 31)
    assert answers(chip, frame) == [[link.Failure(6, link.BAD_CRC, link.INFER)]]


def test_silence_inside_a_frame(chip: ChipSimulator) -> None:
    frame = link.infer_request(10, packed(BENCH[4]))
    good = answered(10, BENCH_LABELS[4])
    script = Script()
    for at in range(1, len(frame)):
        script.send(frame[:at]).pause(TIMEOUT_US - 50).send(frame[at:]).listen()
    for at in range(1, len(frame)):
        script.send(frame[:at]).pause(TIMEOUT_US + 50).send(frame[at:]).listen(reply_cycles=QUIET)
        # The rest may look like the begin of a frame only if silence does not end that one.
        script.pause(TIMEOUT_US + 50).send(frame).listen()
    results = replies(chip, script)
    count = len(frame) - 1
    assert results[:count] == [[good]] * count
    assert results[count:] == [[], [good]] * count


def test_break_ends_an_endless_bench(chip: ChipSimulator) -> None:
    script = Script().send(link.bench_request(1, 0xFFFFFFFF)).listen(reply_cycles=20_000)
    script.send(link.identify_request(2)).listen(reply_cycles=20_000)
    script.low(link.BREAK_BITS).pause(40)
    script.send(link.infer_request(3, packed(BENCH[0]))).listen()
    script.send(link.bench_request(4, 10)).listen().send(link.counters_request(5)).listen()
    silent, deaf, inference, bench, counters = replies(chip, script)
    assert silent == deaf == []
    assert inference == [answered(3, BENCH_LABELS[0])]
    checksum = link.bench_checksum(BENCH_ANSWERS, 10)
    cycles = 9 * CORE.interval + CORE.latency
    assert bench == [link.Bench(4, BENCH_ANSWERS[3], cycles, checksum)]
    assert isinstance(counters[0], link.Counters)
    assert counters[0].line_errors == 1
    assert counters[0].inferences > 2000


def test_break_in_mid_reply(chip: ChipSimulator) -> None:
    simulator = Script().send(link.identify_request(1)).pause(55).low(link.BREAK_BITS).pause(60)
    simulator.listen(reply_cycles=QUIET).send(link.identify_request(2)).listen()
    cut, whole = chip.play(simulator).replies
    assert len(cut) < 15
    assert len(link.parse_replies(whole)) == 1


def test_full_buffer_loses_frames_but_not_the_link(chip: ChipSimulator) -> None:
    """Replies to `identify` take longer than requests, so a stream of them overruns the buffer."""
    stream = b"".join(link.identify_request(i) for i in range(60))
    script = Script().send(stream).listen().pause(TIMEOUT_US + 50)
    script.send(link.counters_request(61)).listen()
    told, [counters] = replies(chip, script)
    good = [reply for reply in told if isinstance(reply, link.Identity)]
    assert isinstance(counters, link.Counters)
    assert 10 < len(good) < 60
    assert counters.good_frames == len(good) + 1
    assert counters.line_errors > 0
    assert counters.resyncs > 0


def test_requests_within_the_buffer_wait_for_their_turn(chip: ChipSimulator) -> None:
    """While a bench runs, up to 63 bytes of further requests are kept."""
    requests = [link.counters_request(i) for i in range(6)]
    [told] = answers(chip, link.bench_request(9, 1000) + b"".join(requests))
    assert [reply.sequence for reply in told] == [9, 0, 1, 2, 3, 4, 5]
    assert told[-1] == link.Counters(5, 1000, 7, 0, 0, 0)


def test_short_glitches_are_ignored(chip: ChipSimulator) -> None:
    script = Script()
    for cycles in (1, 2, 3, 4):
        script.low(cycles / BIT).pause(20)
    script.send(link.counters_request(1)).listen()
    assert replies(chip, script) == [[link.Counters(1, 0, 1, 0, 0, 0)]]


@pytest.mark.parametrize("factor", [0.97, 0.98, 1.02, 1.03])
def test_host_clock_may_be_off(tmp_path_factory: pytest.TempPathFactory, chip: ChipSimulator, factor: float) -> None:
    folder = Path(chip._program).parents[1]
    off = build_chip(CORE, folder, BENCH, timeout_us=TIMEOUT_US, host_baud=1e6 * factor)
    assert off._program == chip._program
    vectors = CORE.random(9, 50)
    stream = b"".join(link.infer_request(i, packed(vector)) for i, vector in enumerate(vectors))
    script = Script().send(stream).listen().send(link.counters_request(50)).listen()
    told = list(chain(*replies(off, script)))
    assert [reply.answer[0] for reply in told[:-1]] == [CORE.label(vector) for vector in vectors]
    assert told[-1] == link.Counters(50, 50, 51, 0, 0, 0)


# Other shapes ---------------------------------------------------------------------------------


SHAPES = {
    "one beat, pipelined": (FakeCore(40, "UINT8", 8, 40, 5, 11, folded=False), 25_000_000, 1_000_000),
    "odd beats, 27 MHz": (FakeCore(79, "BINARY", 1, 1, 2, 1), 27_000_000, 2_000_000),
    "beats of 3 x 3 bit, stuttering": (
        FakeCore(15, "UINT3", 3, 3, 200, 4, folded=False, stutters=True),
        10_000_000,
        921_600,
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_other_shapes(shape: str, tmp_path: Path) -> None:
    core, clock_hz, baud = SHAPES[shape]
    bench, vectors = core.random(1, 3), core.random(2, 20)
    chip = build_chip(core, tmp_path, bench, clock_hz=clock_hz, baud=baud, timeout_us=500)
    texts = [link.pack_vector([int(v) for v in vector], core.type_name) for vector in vectors]
    requests = [link.infer_request(i, text) for i, text in enumerate(texts)]
    told = list(chain(*answers(chip, *requests, link.bench_request(99, 50))))
    assert [reply.sequence for reply in told] == [*range(20), 99]
    assert [reply.answer[0] for reply in told[:-1]] == [core.label(vector) for vector in vectors]
    labels = [core.label(vector) for vector in bench]
    checksum = link.bench_checksum(class_bytes(labels), 50)
    assert (told[-1].answer[0], told[-1].checksum) == (labels[49 % 3], checksum)
    if not core.stutters:
        assert {reply.cycles for reply in told[:-1]} == {core.latency}
        assert told[-1].cycles == 49 * core.interval + core.latency


def test_behind_a_pll_it_answers_alike_once_that_is_locked(tmp_path: Path) -> None:
    board = open_board("ulx3s")
    found = setting(board, 50_000_000)
    assert found is not None
    pll = PllCell(family_of(board.fpga).pll_instance(board, found), PLL_CELLS)
    faster = build_chip(CORE, tmp_path, BENCH, clock_hz=50_000_000, timeout_us=TIMEOUT_US, pll=pll)
    requests = [link.infer_request(index, packed(vector)) for index, vector in enumerate(BENCH)]
    [[told], *inferred] = answers(faster, link.identify_request(1), *requests)
    assert isinstance(told, link.Identity) and told.clock_hz == 50_000_000
    assert inferred == [[answered(index, label)] for index, label in enumerate(BENCH_LABELS)]


def test_until_the_pll_is_locked_it_hears_nothing(tmp_path: Path) -> None:
    model = tmp_path / "unlocked.v"
    model.write_text(
        "module unlocked (input crystal, output clock, locked); assign clock = crystal, locked = 0; endmodule"
    )
    pll = PllCell("    unlocked it (.crystal(crystal), .clock(clock), .locked(locked));\n", model)
    chip = build_chip(CORE, tmp_path, BENCH, timeout_us=TIMEOUT_US, pll=pll)
    assert chip.exchange([link.identify_request(1)], reply_cycles=QUIET) == [b""]
