"""The driver of our own design against its register map and an AXI DMA as specified."""

from __future__ import annotations

import pytest

from tests.fast.toolchain.device.link.axi.fakes import INTERVAL, LATENCY, FakeChip, FakeDma, FakeMemory
from toolchain.device.link import protocol
from toolchain.device.link import registers as link
from toolchain.device.link.answers import argmax
from toolchain.device.link.axi import chip as chip_module
from toolchain.device.link.axi import dma
from toolchain.device.link.axi.chip import BURST_VECTORS, Chip, DmaPath
from toolchain.device.link.protocol import AnswerLayout
from toolchain.device.link.settings import Setting
from toolchain.errors import ConfigError, ToolError

VECTOR_BYTES = 5
VECTORS = [bytes([index & 0xFF, index >> 8, 7, 7, 7]) for index in range(600)]


def classify(vector: bytes) -> int:
    return sum(vector) % 5


ANSWERS = [(classify(vector),) for vector in VECTORS]


@pytest.fixture
def fake() -> FakeChip:
    return FakeChip(classify, VECTORS[:16], VECTOR_BYTES, 5)


@pytest.fixture
def engine(fake: FakeChip) -> FakeDma:
    return FakeDma(FakeMemory(), fake)


def with_dma(fake: FakeChip, engine: FakeDma, source_vectors: int = BURST_VECTORS) -> Chip:
    source, target = engine._memory.take(fake.stride * source_vectors), engine._memory.take(4 * BURST_VECTORS)
    return Chip(fake, DmaPath(dma.AxiDma(engine), source, target))


def test_identify_tells_what_the_registers_hold(fake: FakeChip) -> None:
    identity = Chip(fake).identify()
    assert (identity.model_hash.hex(), identity.build_id.hex()) == ("aa" * 8, "bb" * 8)
    assert identity[2:] == (VECTOR_BYTES, AnswerLayout.of_class(5), 100_000_000, 16, "chip", "UINT4", (5, 2), (1,))


def test_infer_gives_class_and_cycles(fake: FakeChip) -> None:
    chip = Chip(fake)
    assert [chip.infer(vector) for vector in VECTORS[:20]] == [(answer, LATENCY) for answer in ANSWERS[:20]]


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, 600])
def test_bursts_of_any_number_give_the_same_classes_as_single_vectors(
    fake: FakeChip, engine: FakeDma, count: int
) -> None:
    assert with_dma(fake, engine).infer_many(VECTORS[:count]) == ANSWERS[:count]
    assert Chip(fake).infer_many(VECTORS[:count]) == ANSWERS[:count]


def test_a_small_buffer_makes_shorter_bursts(fake: FakeChip, engine: FakeDma) -> None:
    chip = with_dma(fake, engine, source_vectors=7)
    before = chip.counters().requests
    assert chip.infer_many(VECTORS[:50]) == ANSWERS[:50]
    assert chip.counters().requests == before + 8  # type: ignore[operator]


def test_a_buffer_that_holds_no_vector_is_named(fake: FakeChip, engine: FakeDma) -> None:
    path = DmaPath(dma.AxiDma(engine), engine._memory.take(4), engine._memory.take(64))
    with pytest.raises(ToolError, match="buffer of 4 bytes holds no vector"):
        Chip(fake, path).infer_many(VECTORS[:1])


@pytest.mark.parametrize("count", [0, 1, 16, 1000])
def test_bench_returns_what_the_host_link_specifies(fake: FakeChip, count: int) -> None:
    bench = Chip(fake).bench(count)
    assert bench.checksum == protocol.bench_checksum([bytes(answer) for answer in ANSWERS[:16]], count)
    assert bench.cycles == (LATENCY + INTERVAL * (count - 1) if count else 0)
    if count:
        assert bench.values == ANSWERS[(count - 1) % 16]


def test_a_bench_that_does_not_fit_is_refused_before_the_chip_hears_of_it(fake: FakeChip) -> None:
    with pytest.raises(ToolError, match="do not fit the 32 bits"):
        Chip(fake).bench(1 << 32)


def test_a_busy_chip_is_given_up_and_reset(fake: FakeChip) -> None:
    chip = Chip(fake)
    fake.busy_reads = 10**9
    with pytest.raises(ToolError, match=r"bench: the chip is still busy after 0\.01 s"):
        chip.bench(5, seconds=0.01)
    assert fake.read(link.ADDRESS["COMMAND"]) == link.RESET


def test_a_refused_command_is_no_answer(fake: FakeChip) -> None:
    chip = Chip(fake)
    fake.refusing = True
    with pytest.raises(ToolError, match="infer: the chip refused it"):
        chip.infer(VECTORS[0])
    assert chip.counters().refused == 1


@pytest.mark.parametrize(
    ("name", "value", "words"), [("MAGIC", 0, "MAGIC reads 00000000"), ("VERSION", 9, "register map 9")]
)
def test_another_design_is_not_driven(fake: FakeChip, name: str, value: int, words: str) -> None:
    fake.set(name, value)
    with pytest.raises(ToolError, match=words):
        Chip(fake)


@pytest.mark.parametrize("size", [0, 4, 6])
def test_a_vector_of_another_length_is_named(fake: FakeChip, engine: FakeDma, size: int) -> None:
    with pytest.raises(ToolError, match=f"vector 1: {size} bytes; the chip takes 5"):
        with_dma(fake, engine).infer_many([VECTORS[0], bytes(size)])


def test_a_vector_that_came_incomplete_is_named(fake: FakeChip, engine: FakeDma) -> None:
    fake.damaged = {3}
    with pytest.raises(ToolError, match="vector 3 came incomplete"):
        with_dma(fake, engine).infer_many(VECTORS[:8])


def test_results_that_change_on_the_way_to_memory_are_noticed(fake: FakeChip, engine: FakeDma) -> None:
    engine.corrupt = lambda data: bytes(len(data))
    with pytest.raises(ToolError, match="vectors 0 to 7: answers in memory have checksum"):
        with_dma(fake, engine).infer_many(VECTORS[:8])


def test_a_dma_error_is_named_with_its_vectors_and_both_are_reset(fake: FakeChip, engine: FakeDma) -> None:
    chip = with_dma(fake, engine)
    engine.status_bits, resets = 1 << 6, engine.resets
    with pytest.raises(ToolError, match="vectors 0 to 7: AXI DMA: send: decode error"):
        chip.infer_many(VECTORS[:8])
    assert engine.resets == resets + 1
    assert chip.infer_many(VECTORS[:8]) == ANSWERS[:8]


def test_a_transfer_that_never_ends_is_given_up(
    fake: FakeChip, engine: FakeDma, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chip_module, "_BURST_SECONDS", 0.01)
    chip = with_dma(fake, engine)
    engine.hanging = True
    with pytest.raises(ToolError, match=r"not done after 0\.01 s"):
        chip.infer_many(VECTORS[:8])
    engine.hanging = False
    assert chip.infer_many(VECTORS[:8]) == ANSWERS[:8]


def test_a_dma_in_scatter_gather_mode_is_refused(engine: FakeDma) -> None:
    engine.status_bits = dma.SCATTER_GATHER
    with pytest.raises(ToolError, match="scatter-gather"):
        dma.AxiDma(engine)


def test_a_transfer_longer_than_the_length_register_is_refused(fake: FakeChip, engine: FakeDma) -> None:
    buffer = engine._memory.take(8)
    with pytest.raises(ToolError, match=f"a transfer of {1 << 26} bytes"):
        dma.AxiDma(engine).transfer(buffer, 1 << 26, buffer, 4, 1.0)


def test_of_equal_logits_the_first_wins() -> None:
    assert [argmax(logits) for logits in ([1, 3, 3], [-5, -5], [0, 0, 1])] == [1, 0, 2]


LARGE = link.VECTOR_SPAN + 4
LARGE_VECTORS = [vector.ljust(LARGE, b"\3") for vector in VECTORS[:5]]


@pytest.fixture
def large() -> FakeChip:
    """A chip whose vectors are larger than a window; it answers an access to one with SLVERR, which fails the test."""
    return FakeChip(classify, LARGE_VECTORS[:1], LARGE, 5)


def test_without_windows_all_goes_by_bursts(large: FakeChip) -> None:
    chip = with_dma(large, FakeDma(FakeMemory(), large))
    right = [(classify(vector),) for vector in LARGE_VECTORS]
    assert not chip.holds and Chip(FakeChip(classify, VECTORS[:1], 5, 5)).holds
    assert [chip.infer(vector) for vector in LARGE_VECTORS] == [(answer, LATENCY) for answer in right]
    assert chip.infer_many(LARGE_VECTORS) == right
    chip.play(LARGE_VECTORS[1])
    bench = chip.bench(3)
    assert (bench.values, bench.checksum) == ((), protocol.bench_checksum([bytes(right[0])], 3))
    assert (chip.counters().inferences, chip.counters().refused) == (5 + 5 + 3, 0)


def test_without_windows_and_without_memory_nothing_can_be_asked(large: FakeChip) -> None:
    chip = Chip(large)
    for ask in (lambda: chip.infer(LARGE_VECTORS[0]), lambda: chip.infer_many(LARGE_VECTORS)):
        with pytest.raises(ToolError, match="vectors of 32,776 bytes with answers of 1 go by DMA alone"):
            ask()


LEVEL, SHIFT = Setting("level", 9, False, 0, 300, 5, ""), Setting("shift", 4, True, -8, 7, -2, "", 1)


@pytest.fixture
def settable(fake: FakeChip) -> Chip:
    fake.settings = [LEVEL.word(LEVEL.reset), SHIFT.word(SHIFT.reset)]
    return Chip(fake)


def test_a_setting_is_a_register_that_holds_after_a_reset_of_the_driver(settable: Chip) -> None:
    assert (settable.held(LEVEL), settable.held(SHIFT)) == (5, -2)
    settable.set(SHIFT, -8)
    settable.reset()
    assert (settable.held(LEVEL), settable.held(SHIFT)) == (5, -8)


def test_a_setting_that_cannot_be_is_refused(settable: Chip, fake: FakeChip) -> None:
    with pytest.raises(ConfigError, match="setting shift: 8: should be from -8 to 7"):
        settable.set(SHIFT, 8)
    fake.refusing = True
    with pytest.raises(ToolError, match="setting level: the chip holds 5, set was 9; another program may be using it"):
        settable.set(LEVEL, 9)
