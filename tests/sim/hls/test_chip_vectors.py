"""The chip through its UART pins where answers are vectors of integers, and where long inputs come in parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from hls.chip import part_bytes, vector_bytes
from hls.simulate_chip import ChipSimulator, Script
from tests.sim.hls.axi.shapes import Shape
from tests.sim.hls.fake_core import FakeCore, build_chip
from toolchain.device.link import protocol as link
from toolchain.results.core import CoreDescription, CoreOutput

TIMEOUT_US = 1000
MAX_REPLY = 200


@dataclass(frozen=True)
class Vectors:
    """A core whose answers are vectors."""

    shape: Shape

    def generate(self, folder: Path) -> CoreDescription:
        return self.shape.generate_core(folder)


def parsed(chip: ChipSimulator, script: Script) -> list[list[link.Reply]]:
    return [link.parse_replies(data, MAX_REPLY) for data in chip.play(script).replies]


@pytest.mark.parametrize(
    "output", [CoreOutput(12, 8, True, 4, None), CoreOutput(30, 20, True, 1, None)], ids=["scores", "sums"]
)
def test_whole_answers(output: CoreOutput, tmp_path: Path) -> None:
    shape = Shape(FakeCore(elements_per_beat=11, folded=False, classes=200), 32, output)
    chip = build_chip(Vectors(shape), tmp_path, shape.bench, timeout_us=TIMEOUT_US)
    x = shape.core.random(2, 4)
    script = Script().send(link.identify_request(1)).listen()
    for index, vector in enumerate(shape.packed(x)):
        script.send(link.infer_request(index, vector.tobytes())).listen()
    script.send(link.bench_request(7, 20)).listen().send(link.bench_request(8, 0)).listen()
    # A break in the middle of a long reply, and of an answer.
    script.send(link.bench_request(9, 0xFFFFFFFF)).listen(reply_cycles=3000).low(link.BREAK_BITS).pause(60)
    script.send(link.infer_request(10, shape.packed(x)[0].tobytes())).listen()
    [[identity], *told, [bench], [nothing], [], [after]] = parsed(chip, script)
    assert isinstance(identity, link.Identity) and identity.types.answer == output.layout
    sent = shape.sent(x)
    assert told == [[link.Inference(i, answer, shape.latency)] for i, answer in enumerate(sent)]
    assert bench == link.Bench(7, shape.sent(shape.bench)[19 % 6], bench.cycles, shape.checksum(20))
    assert (nothing.cycles, nothing.checksum) == (0, 0)
    assert after == link.Inference(10, sent[0], shape.latency)


# Vectors of 66 bytes in three parts of 18 and a rest of 12: small parts find the same faults sooner.
CORE = FakeCore(inputs=66, type_name="UINT8", bits=8, elements_per_beat=3, delay=5)
PART, PARTS = 18, 3


def in_parts(folder: Path, stored: int) -> ChipSimulator:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hls.chip._PART_BYTES", 20)
        core = CORE.generate(folder)
        assert (vector_bytes(core), part_bytes(core)) == (66, PART)
        return build_chip(CORE, folder, CORE.random(1, stored), timeout_us=TIMEOUT_US)


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> ChipSimulator:
    return in_parts(tmp_path_factory.mktemp("parts"), 3)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> ChipSimulator:
    """A chip that stores no vectors."""
    return in_parts(tmp_path_factory.mktemp("bare"), 0)


def requests(values: np.ndarray) -> list[bytes]:
    """Those of one vector: parts 0 to 2, and the rest with the question."""
    vector = link.pack_vector(values.tolist(), CORE.type_name)
    parts = enumerate(link.vector_requests(vector, PART))
    return [link.encode_frame(command, number, payload) for number, (command, payload) in parts]


def right(values: np.ndarray) -> link.Inference:
    return link.Inference(PARTS, bytes([CORE.label(values)]), CORE.latency)


def damaged(frame: bytes, at: int) -> bytes:
    return frame[:at] + bytes([frame[at] ^ 0x10]) + frame[at + 1 :]


INCOMPLETE = link.Failure(PARTS, link.BAD_LENGTH, link.INFER)


def test_vectors_in_parts(chip: ChipSimulator) -> None:
    """The next vector's first part begins it anew; a question may be asked again, and the parts stay."""
    x = CORE.random(2, 12)
    script = Script()
    for values in x:
        script.send(b"".join(requests(values))).listen(idle_bits=100)
    script.send(requests(x[-1])[-1]).listen()
    whole = [[link.Loaded(n, n + 1) for n in range(PARTS)] + [right(values)] for values in x]
    assert parsed(chip, script) == [*whole, [right(x[-1])]]
    assert len({reply[-1].answer for reply in whole}) > 2


def test_nothing_of_a_damaged_part_is_used(chip: ChipSimulator) -> None:
    """Whatever byte is damaged, and whatever part: either nothing of it counts, or nothing at all is held any more."""
    values, script, kinds = CORE.random(3, 1)[0], Script(), []
    frames = requests(values)
    places = [2, 3, 4, 5, 6, 15, 22, 24, 25, 27, 29]
    for number in range(PARTS):
        for at in places:
            script.send(b"".join(frames[:number])).listen(idle_bits=100)
            script.send(damaged(frames[number], at)).listen(reply_cycles=3000).pause(TIMEOUT_US + 50)
            script.send(frames[-1]).listen()  # parts are missing: no answer
            script.send(b"".join(frames[number:])).listen(idle_bits=100)  # the rest of the vector again
            script.low(link.BREAK_BITS).pause(60).send(b"".join(frames)).listen(idle_bits=100)
            kinds.append(number)
    told = parsed(chip, script)
    for number, (held, refused, early, again, after) in zip(kinds, zip(*[iter(told)] * 5, strict=True), strict=True):
        assert [reply.held for reply in held] == [n + 1 for n in range(number)]
        assert all(isinstance(reply, link.Failure) for reply in refused)
        assert early == [INCOMPLETE]
        assert again[-1] in (right(values), INCOMPLETE)
        assert again[-1] == right(values) or again[0] != link.Loaded(number, number + 1)
        assert after[-1] == right(values)


def test_parts_out_of_turn_are_not_used(chip: ChipSimulator) -> None:
    """Another vector's part, one that comes twice, one too many: the reply tells what is held."""
    one, other = CORE.random(4, 2)
    first, second = requests(one), requests(other)
    order = [first[0], first[2], first[1], first[1], first[2], first[2], second[1], first[3]]
    script = Script()
    for frame in order:
        script.send(frame).listen()
    # Never ended: a first part that is not the next one empties, and begins at its second coming.
    for frame in [first[0], first[1], second[0], first[1], second[0], second[1], second[2], second[3]]:
        script.send(frame).listen()
    script.send(first[0]).listen().low(link.BREAK_BITS).pause(60).send(first[1]).listen().send(first[3]).listen()
    told = [reply for replies in parsed(chip, script) for reply in replies]
    held = [reply.held for reply in told[:7]]
    assert held == [1, 1, 2, 2, 3, 3, 3] and told[7] == right(one)
    assert [reply.held for reply in told[8:15]] == [1, 2, 0, 0, 1, 2, 3] and told[15] == right(other)
    assert told[16:] == [link.Loaded(0, 1), link.Loaded(1, 0), INCOMPLETE]


def test_a_bench_and_wrong_lengths_leave_the_parts_alone(chip: ChipSimulator) -> None:
    values = CORE.random(5, 1)[0]
    frames = requests(values)
    between = [
        link.bench_request(9, 4),
        link.encode_frame(link.LOAD, 8, bytes(PART)),
        link.encode_frame(link.INFER, 8, bytes(PART + 2)),
        link.counters_request(8),
    ]
    script = Script()
    for frame in [*frames[:2], *between, *frames[2:]]:
        script.send(frame).listen()
    told = [reply for replies in parsed(chip, script) for reply in replies]
    assert told[-1] == right(values)
    assert told[3:5] == [
        link.Failure(8, link.BAD_LENGTH, link.LOAD),
        link.Failure(8, link.BAD_LENGTH, link.INFER),
    ]


def played(values: np.ndarray, count: int) -> tuple[bytes, int]:
    """Answer and checksum of a bench of one vector."""
    answer = bytes([CORE.label(values)])
    return answer, link.bench_checksum([answer], count)


UNPLAYABLE = link.Failure(9, link.BAD_LENGTH, link.BENCH)


def test_without_stored_vectors_a_bench_plays_the_one_held(bare: ChipSimulator) -> None:
    """Again and again, as fast as the core takes it; and before an inference there is none."""
    one, other = CORE.random(6, 2)
    script = Script().send(link.identify_request(1)).listen().send(link.bench_request(9, 3)).listen()
    for values in (one, other):
        script.send(b"".join(requests(values))).listen(idle_bits=100)
        for count in (1, 20, 7):
            script.send(link.bench_request(9, count)).listen()
    # The bench's own bytes are no part of the vector: the rest alone is asked again, and gives the same.
    script.send(requests(other)[-1]).listen()
    [[identity], early, _, *first, _, again, more, last, [rest]] = parsed(bare, script)
    assert isinstance(identity, link.Identity) and identity.bench_vectors == 0
    assert early == [UNPLAYABLE]
    for values, benches in ((one, first), (other, [again, more, last])):
        for count, [bench] in zip((1, 20, 7), benches, strict=True):
            assert (bench.answer, bench.checksum) == played(values, count)
            assert bench.cycles == CORE.latency + (count - 1) * CORE.interval
    assert rest == right(other)


def test_a_bench_never_plays_what_came_damaged(bare: ChipSimulator) -> None:
    """A rest or a part that was begun and not used spoils the vector, and so does a break."""
    one, other = CORE.random(7, 2)
    frames, newer = requests(one), requests(other)
    spoiling = [damaged(newer[-1], 8), newer[0], damaged(newer[0], 9), newer[-1][:-6]]
    script = Script()
    for spoiled in spoiling:
        script.send(b"".join(frames)).listen(idle_bits=100).send(spoiled).listen().pause(TIMEOUT_US + 50)
        script.send(link.bench_request(9, 2)).listen()
    script.send(b"".join(frames)).listen(idle_bits=100).low(link.BREAK_BITS).pause(60)
    script.send(link.bench_request(9, 2)).listen()
    script.send(b"".join(frames)).listen(idle_bits=100).send(damaged(link.bench_request(9, 2), 7)).listen()
    script.send(link.bench_request(9, 2)).listen()
    *spoiled_ones, _, broken, whole, _, [bench] = parsed(bare, script)
    assert spoiled_ones[2::3] == [[UNPLAYABLE]] * len(spoiling) and broken == [UNPLAYABLE]
    assert whole[-1] == right(one)
    assert (bench.answer, bench.checksum) == played(one, 2)
