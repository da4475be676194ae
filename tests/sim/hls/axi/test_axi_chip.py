"""The AXI chip through its ports as the simulate stage speaks to it: many shapes of core, and a generated one."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from hls.axi_chip import burst_bytes, generate_axi_chip
from hls.chip import vector_bytes
from hls.generate import generate_core
from hls.pack import pack_inputs
from hls.simulate_axi import AxiChipSimulator, Bench, Burst, Counters, Identity, Inference, Script
from tests.fast.hls.networks import Shape as NetworkShape
from tests.fast.hls.networks import folding, random_inputs, random_network
from tests.sim.hls.axi.shapes import CLOCK_HZ, SHAPES, Shape
from tests.sim.hls.fake_core import BUILD_ID, MODEL_HASH
from toolchain.device.link import registers as map_
from toolchain.device.link.protocol import SIGNED, UNSIGNED, Tensor, bench_checksum
from toolchain.errors import VerificationError


def asked(shape: Shape) -> Script:
    return Script(shape.layout)


def simulator(shape: Shape, folder: Path) -> AxiChipSimulator:
    core, sources = shape.generate(folder / "rtl")
    size, bits = vector_bytes(core), shape.data_bits
    return AxiChipSimulator(sources, folder / "work", vector_bytes=size, data_bits=bits, optimise=False)


@pytest.fixture(scope="module", params=["wide", "odd", "tiny", "sums"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shape, AxiChipSimulator]:
    shape = SHAPES[request.param]
    return shape, simulator(shape, tmp_path_factory.mktemp(request.param))


def test_every_command(built: tuple[Shape, AxiChipSimulator]) -> None:
    shape, chip = built
    x = shape.core.random(2, 20)
    packed, right = shape.packed(x), shape.answers(x)
    script = asked(shape).identify()
    for vector in packed:
        script.infer(vector.tobytes())
    answers = chip.play(script.bench(1).bench(100).bench(0).counters()).answers
    identity = answers[0]
    assert isinstance(identity, Identity)
    assert (identity.model_hash, identity.build_id, identity.clock_hz) == (MODEL_HASH, BUILD_ID, CLOCK_HZ)
    output, core = shape.answer, shape.core
    assert (identity.vector_bytes, identity.classes, identity.bench_vectors) == (
        packed.shape[1],
        output.classes or 0,
        6,
    )
    assert identity.input == Tensor(core.bits, UNSIGNED, (core.inputs,))
    assert identity.output == Tensor(output.bits, SIGNED if output.signed else UNSIGNED, (output.elements,))
    assert answers[1:21] == [Inference(answer, shape.latency) for answer in right]
    one, many, none = answers[21:24]
    assert one == Bench(shape.bench_answers[0], shape.latency, shape.checksum(1))
    assert many == Bench(shape.bench_answers[99 % 6], shape.cycles(100), shape.checksum(100))
    assert isinstance(none, Bench) and (none.cycles, none.checksum) == (0, 0)
    assert answers[24] == Counters(121, 23, 0, 0, 0)


def test_bursts_of_every_length_with_and_without_pauses(built: tuple[Shape, AxiChipSimulator]) -> None:
    shape, chip = built
    x = shape.core.random(3, 256)
    packed, right, sent = shape.packed(x), shape.answers(x), shape.sent(x)
    script = asked(shape)
    for length in range(1, 257):
        script.burst(packed[:length], stalls=length % 4)
    for length, answer in enumerate(chip.play(script).answers, 1):
        assert isinstance(answer, Burst)
        assert list(answer.answers) == right[:length]
        assert answer.checksum == zlib.crc32(b"".join(sent[:length]))


def test_a_burst_longer_than_all_that_may_be_under_way(built: tuple[Shape, AxiChipSimulator]) -> None:
    shape, chip = built
    x = shape.core.random(7, 900)
    for answer in chip.play(asked(shape).burst(shape.packed(x)).burst(shape.packed(x), stalls=8)).answers:
        assert isinstance(answer, Burst) and list(answer.answers) == shape.answers(x)


def test_a_burst_takes_a_word_every_cycle(built: tuple[Shape, AxiChipSimulator]) -> None:
    shape, chip = built
    packed = shape.packed(shape.core.random(4, 200))
    [answer] = chip.play(asked(shape).burst(packed)).answers
    assert isinstance(answer, Burst)
    words = -(-packed.shape[1] * 8 // shape.data_bits)
    assert answer.cycles <= 199 * max(words, shape.interval) + shape.latency + words


def test_incomplete_bursts_and_resets(built: tuple[Shape, AxiChipSimulator]) -> None:
    shape, chip = built
    packed, right = shape.packed(shape.bench), shape.bench_answers
    script = asked(shape).burst(packed, cut=1).burst(packed).begin_burst(packed[:3]).reset().burst(packed).counters()
    damaged, whole, _, reset, again, counters = chip.play(script).answers
    assert isinstance(damaged, Burst) and damaged.answers == (*right[:-1], None)
    assert isinstance(whole, Burst) and whole.answers == tuple(right)
    assert reset == (0, True)
    assert again == whole
    assert isinstance(counters, Counters)
    assert (counters.requests, counters.damaged, counters.refused) == (5, 1, 0)


def test_what_is_unmapped_is_told(built: tuple[Shape, AxiChipSimulator]) -> None:
    shape, chip = built
    end = map_.VECTOR + -(-shape.packed(shape.bench).shape[1] * 8 // shape.data_bits) * shape.data_bits // 8
    beyond = map_.ANSWER + map_.answer_room(shape.layout.size)
    script = asked(shape).write(end - 4, 1).read(end - 4).read(end).write(map_.ADDRESS["MAGIC"], 0).read(0xFFFC)
    script.read(beyond - 4).read(beyond).write(map_.ANSWER, 1).counters()
    *answers, counters = chip.play(script).answers
    assert answers[:5] == [(0, True), (1, True), (0, False), (0, False), (0, False)]
    assert [answer.good for answer in answers[5:]] == [True, False, False]
    assert isinstance(counters, Counters) and counters.bus_errors == 5


def test_a_run_that_does_not_end_in_time_is_told(built: tuple[Shape, AxiChipSimulator]) -> None:
    with pytest.raises(VerificationError, match=r"command 0x3 did not run to its end: STATUS is 0x301"):
        built[1].play(Script(built[0].layout, patience=1000).bench(1_000_000))


def test_chip_with_a_generated_core(tmp_path: Path) -> None:
    """38 inputs of 2 bits, 19 a beat: 38-bit beats of 64-bit words."""
    network = random_network(NetworkShape("UINT2", 38, (8, 5)), seed=5)
    core = generate_core(network, folding(network, [(2, 19), (1, 2)]), tmp_path)
    x = random_inputs(network, 120, seed=6)
    names = generate_axi_chip(
        core, tmp_path, clock_hz=CLOCK_HZ, model_hash=bytes(8), build_id=bytes(8), bench=x[:16], data_bits=64
    )
    chip = AxiChipSimulator(
        [tmp_path / name for name in names],
        tmp_path / "work",
        vector_bytes=vector_bytes(core),
        data_bits=64,
        optimise=False,
    )
    packed = pack_inputs(x, network.input_type)
    labels = tuple((int(label),) for label in network.run(np.asarray(x)).labels)
    assert len(set(labels)) > 2
    assert burst_bytes(core, 64) == 16
    script = (
        Script(core.output.layout).burst(packed).burst(packed, stalls=7).infer(packed[0].tobytes()).bench(1).bench(101)
    )
    burst, stalled, inference, one, many = chip.play(script).answers
    assert isinstance(burst, Burst) and isinstance(stalled, Burst) and isinstance(inference, Inference)
    assert isinstance(one, Bench) and isinstance(many, Bench)
    assert burst.answers == stalled.answers == labels
    assert inference == Inference(labels[0], one.cycles)
    assert many.checksum == bench_checksum([bytes(label) for label in labels[:16]], 101)
    assert (many.cycles - one.cycles) / 100 == core.initiation_interval
