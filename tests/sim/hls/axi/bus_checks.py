"""Checks of the AXI ports that cocotb runs inside the simulator (test_bus.py starts it)."""

from __future__ import annotations

import itertools
import os
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp, AxiStreamBus, AxiStreamFrame, AxiStreamSink
from cocotbext.axi import AxiStreamSource as Source

from tests.sim.hls.axi.shapes import CLOCK_HZ, SHAPES
from tests.sim.hls.fake_core import BUILD_ID, MODEL_HASH
from toolchain.device.link import registers as map_

SHAPE = SHAPES[os.environ["AXI_SHAPE"]]
CORE = SHAPE.core
BEAT_BYTES = SHAPE.data_bits // 8
VECTOR_BYTES = SHAPE.packed(SHAPE.bench).shape[1]
BURST_BYTES = -(-VECTOR_BYTES // BEAT_BYTES) * BEAT_BYTES
ANSWER_BYTES = SHAPE.layout.size
ANSWER_ROOM = map_.answer_room(ANSWER_BYTES)
LIMIT: dict[str, Any] = {"timeout_time": 5, "timeout_unit": "ms"}


def pauses(seed: int) -> Iterator[bool]:
    """Random waits, some of them long."""
    generator = random.Random(seed)
    while True:
        length = generator.choice((1, 1, 2, 3, 40))
        yield from itertools.repeat(True, length)
        yield from itertools.repeat(False, generator.choice((1, 1, 2, 5, 30)))


class Host:
    """The masters on the chip's ports, and what a driver does with them."""

    def __init__(self, dut: Any) -> None:
        self.dut = dut
        reset = {"reset": dut.aresetn, "reset_active_level": False}
        self.bus = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), dut.aclk, **reset)
        self.source = Source(AxiStreamBus.from_prefix(dut, "s_axis"), dut.aclk, **reset)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, **reset)
        for part in (self.bus.write_if, self.bus.read_if, self.source, self.sink):
            part.log.setLevel("ERROR")

    def pause(self, seed: int) -> None:
        write, read = self.bus.write_if, self.bus.read_if
        channels = (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel)
        for index, channel in enumerate((*channels, self.source, self.sink)):
            channel.set_pause_generator(pauses(seed + index))

    async def reset(self, cycles: int = 16) -> None:
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, cycles)
        self.dut.aresetn.value = 1
        await RisingEdge(self.dut.aclk)
        await self.wait()

    async def read(self, address: int) -> tuple[int, AxiResp]:
        answer = await self.bus.read(address, 4)
        return int.from_bytes(answer.data, "little"), answer.resp

    async def write(self, address: int, value: int) -> AxiResp:
        answer = await self.bus.write(address, value.to_bytes(4, "little"))
        return answer.resp

    async def get(self, name: str) -> int:
        value, response = await self.read(map_.ADDRESS[name])
        assert response == AxiResp.OKAY, name
        return value

    async def put(self, name: str, value: int) -> None:
        assert await self.write(map_.ADDRESS[name], value) == AxiResp.OKAY, name

    async def wait(self) -> int:
        """STATUS when the chip is no longer busy."""
        while map_.BUSY.of(status := await self.get("STATUS")):
            pass
        return status

    async def results(self, code: int) -> tuple[bytes, int, int]:
        """Last answer, cycles and checksum of a run."""
        status = await self.wait()
        assert map_.RUN.of(status) == code
        assert not map_.REFUSED.of(status)
        cycles = await self.get("CYCLES_LOW") | await self.get("CYCLES_HIGH") << 32
        answer = await self.bus.read(map_.ANSWER, ANSWER_ROOM)
        assert answer.resp == AxiResp.OKAY
        return bytes(answer.data)[:ANSWER_BYTES], cycles, await self.get("CHECKSUM")

    async def infer(self, vector: np.ndarray) -> tuple[bytes, int]:
        data = SHAPE.packed(vector[None])[0].tobytes()
        answer = await self.bus.write(map_.VECTOR, data)
        assert answer.resp == AxiResp.OKAY
        await self.put("COMMAND", map_.INFER)
        result, cycles, checksum = await self.results(map_.INFER)
        assert checksum == zlib.crc32(result)
        return result, cycles

    async def bench(self, count: int) -> tuple[bytes, int, int]:
        await self.put("BENCH_COUNT", count)
        await self.put("COMMAND", map_.BENCH)
        return await self.results(map_.BENCH)

    def send(self, x: np.ndarray) -> None:
        self.source.send_nowait(AxiStreamFrame(burst_data(x)))

    async def receive(self) -> list[bytes]:
        """The answers of a burst, each with what follows up to the next."""
        data = bytes((await self.sink.recv()).tdata)
        return [data[at : at + ANSWER_ROOM] for at in range(0, len(data), ANSWER_ROOM)]

    async def still_works(self, seed: int) -> None:
        """Everything once more, after whatever was done to the chip."""
        x = CORE.random(seed, 5)
        assert [(await self.infer(vector))[0] for vector in x[:2]] == SHAPE.sent(x[:2])
        self.send(x)
        assert await self.receive() == whole(x)
        assert await self.bench(7) == await golden_bench(7, self)
        assert self.sink.empty()


def burst_data(x: np.ndarray) -> bytes:
    """A burst: vectors padded with rubbish to whole beats, the last one not."""
    packed = SHAPE.packed(x)
    rows = np.full((len(packed), BURST_BYTES), 0xA5, dtype=np.uint8)
    rows[:, :VECTOR_BYTES] = packed
    return rows.tobytes()[: BURST_BYTES * (len(packed) - 1) + VECTOR_BYTES]


def whole(x: np.ndarray) -> list[bytes]:
    """What a burst answers: none of the vectors came incomplete."""
    return [answer.ljust(ANSWER_ROOM, b"\0") for answer in SHAPE.sent(x)]


async def golden_bench(count: int, host: Host) -> tuple[bytes, int, int]:
    """What a bench must answer; only a core that stutters may take its time."""
    stored = SHAPE.sent(SHAPE.bench)
    cycles = SHAPE.cycles(count)
    if CORE.stutters:
        cycles = (await host.results(map_.BENCH))[1]
    return stored[(count - 1) % len(stored)], cycles, SHAPE.checksum(count)


async def watch_stability(dut: Any, prefix: str, names: tuple[str, ...]) -> None:
    """What is offered stays offered and as it is until it is taken, unless a reset comes."""
    valid, ready = getattr(dut, f"{prefix}valid"), getattr(dut, f"{prefix}ready")
    signals = [getattr(dut, prefix + name) for name in names]
    waiting = None
    while True:
        await RisingEdge(dut.aclk)
        await ReadOnly()
        # The values of the cycle that this edge begins.
        now = [int(signal.value) for signal in signals]
        if waiting is not None and int(dut.aresetn.value):
            assert int(valid.value), f"{prefix}valid fell before {prefix}ready"
            assert now == waiting, f"{prefix} changed while it waited"
        waiting = now if int(valid.value) and not int(ready.value) and int(dut.aresetn.value) else None


async def start(dut: Any, seed: int | None = None) -> Host:
    """A chip out of reset; with a seed every channel pauses at random."""
    dut.aresetn.value = 0
    dut.s_axi_awprot.value = dut.s_axi_arprot.value = 0
    cocotb.start_soon(Clock(dut.aclk, 10, unit="ns").start())
    host = Host(dut)
    await host.reset()
    if seed is not None:
        host.pause(seed)
    return host


@cocotb.test(**LIMIT)
async def identify(dut: Any) -> None:
    host = await start(dut, seed=1)
    expected = {
        "MAGIC": map_.MAGIC,
        "VERSION": map_.MAP_VERSION,
        "VECTOR_BYTES": VECTOR_BYTES,
        "BURST_BYTES": BURST_BYTES,
        "CLASSES": SHAPE.answer.classes or 0,
        "INPUT_TYPE": CORE.bits,
        "INPUT_SIZE": CORE.inputs,
        "INPUT_SIZES": 0,
        "OUTPUT_TYPE": SHAPE.answer.signed << 8 | SHAPE.answer.bits,
        "OUTPUT_SIZE": SHAPE.answer.elements,
        "OUTPUT_SIZES": 0,
        "CLOCK_HZ": CLOCK_HZ,
        "BENCH_VECTORS": len(SHAPE.bench),
        "STREAM_BITS": SHAPE.data_bits,
    }
    assert {name: await host.get(name) for name in expected} == expected
    for name, identifier in (("MODEL_HASH", MODEL_HASH), ("BUILD_ID", BUILD_ID)):
        assert struct.pack("<II", await host.get(f"{name}_LOW"), await host.get(f"{name}_HIGH")) == identifier


@cocotb.test(**LIMIT)
async def reset_values(dut: Any) -> None:
    host = await start(dut)
    await host.still_works(2)
    await host.put("COMMAND", 0x77)
    before = {r.name: await host.get(r.name) for r in map_.REGISTERS if r.reset == map_.KEPT}
    await host.put("BENCH_COUNT", 99)
    await host.reset()
    for register in map_.REGISTERS:
        if isinstance(register.reset, int):
            assert await host.get(register.name) == register.reset, register.name
    assert {name: await host.get(name) for name in before} == before


@cocotb.test(**LIMIT)
async def infer_by_registers(dut: Any) -> None:
    host = await start(dut, seed=3)
    x = CORE.random(4, 24)
    answers = [await host.infer(vector) for vector in x]
    assert [answer for answer, _ in answers] == SHAPE.sent(x)
    if not CORE.stutters:
        assert {cycles for _, cycles in answers} == {SHAPE.latency}


@cocotb.test(**LIMIT)
async def window_keeps_what_is_written(dut: Any) -> None:
    host = await start(dut, seed=5)
    generator = random.Random(6)
    expected = bytearray(generator.randbytes(BURST_BYTES))
    await host.bus.write(map_.VECTOR, bytes(expected))
    for _ in range(20):
        first = generator.randrange(BURST_BYTES)
        piece = generator.randbytes(generator.randint(1, min(6, BURST_BYTES - first)))
        expected[first : first + len(piece)] = piece
        await host.bus.write(map_.VECTOR + first, piece)
    assert bytes((await host.bus.read(map_.VECTOR, BURST_BYTES)).data) == bytes(expected)


@cocotb.test(**LIMIT)
async def window_is_free_while_the_vector_runs(dut: Any) -> None:
    host = await start(dut)
    first, second = CORE.random(7, 2)
    await host.bus.write(map_.VECTOR, SHAPE.packed(first[None])[0].tobytes())
    await host.put("COMMAND", map_.INFER)
    await host.bus.write(map_.VECTOR, SHAPE.packed(second[None])[0].tobytes())
    assert [(await host.results(map_.INFER))[0]] == SHAPE.sent(first[None])
    await host.put("COMMAND", map_.INFER)
    assert [(await host.results(map_.INFER))[0]] == SHAPE.sent(second[None])


@cocotb.test(timeout_time=40, timeout_unit="ms")
async def bursts_of_many_lengths(dut: Any) -> None:
    """Those of every length are in test_axi_chip.py, whose bus takes far less time."""
    host = await start(dut)
    x = CORE.random(8, 300)
    answers, sent = SHAPE.sent(x), whole(x)
    longer = [length for length in range(48, 257) if length % 32 in (0, 1) or length == 255]
    for length in (*range(1, 48), *longer) if CORE.interval < 4 else (1, 2, 31, 256):
        first = length % 43
        host.send(x[first : first + length])
        assert await host.receive() == sent[first : first + length], length
        expected = answers[first : first + length]
        if length % 32 in (0, 1):
            answer = await host.results(map_.BURST)
            assert answer[0] == expected[-1]
            assert answer[2] == zlib.crc32(b"".join(expected))
            if not CORE.stutters and SHAPE.interval >= BURST_BYTES // BEAT_BYTES:
                assert answer[1] == SHAPE.cycles(length)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def bursts_under_back_pressure(dut: Any) -> None:
    host = await start(dut, seed=9)
    cocotb.start_soon(watch_stability(dut, "m_axis_t", ("data", "last")))
    cocotb.start_soon(watch_stability(dut, "s_axi_b", ("resp",)))
    cocotb.start_soon(watch_stability(dut, "s_axi_r", ("resp", "data")))
    x = CORE.random(10, 64)
    answers = whole(x)
    for length in (1, 2, 3, 7, 16, 33, 64):
        # Two at once: the second waits for the first.
        host.send(x[:length])
        host.send(x[-length:])
        assert await host.receive() == answers[:length]
        assert await host.receive() == answers[-length:]
    assert map_.DAMAGED.of(await host.wait()) == 0


@cocotb.test(**LIMIT)
async def nothing_is_lost_while_nobody_takes_results(dut: Any) -> None:
    host = await start(dut)
    host.sink.pause = True
    x = CORE.random(11, 300)
    host.send(x)
    await ClockCycles(dut.aclk, 300 * CORE.interval + 2000)
    assert map_.BUSY.of(await host.get("STATUS"))
    host.sink.pause = False
    assert await host.receive() == whole(x)


@cocotb.test(**LIMIT)
async def incomplete_vectors_get_no_answer(dut: Any) -> None:
    host = await start(dut, seed=12)
    x = CORE.random(13, 4)
    answers, data = whole(x), burst_data(x)
    before, damaged = await host.get("DAMAGED"), 0
    for missing in sorted({1, VECTOR_BYTES - 1, max(1, VECTOR_BYTES - BEAT_BYTES)} - {0}):
        host.source.send_nowait(AxiStreamFrame(data[:-missing]))
        *others, last = await host.receive()
        assert (others, last[ANSWER_BYTES:]) == (answers[:-1], b"\1".ljust(ANSWER_ROOM - ANSWER_BYTES, b"\0")), missing
        assert map_.DAMAGED.of(await host.wait()) == 1
        damaged += 1
        host.send(x)
        assert await host.receive() == answers
        assert map_.DAMAGED.of(await host.wait()) == 0
    assert await host.get("DAMAGED") - before == damaged


@cocotb.test(**LIMIT)
async def bench_equals_golden(dut: Any) -> None:
    host = await start(dut)
    for count in (1, 2, 6, 7, 100):
        assert await host.bench(count) == await golden_bench(count, host), count
    _, cycles, checksum = await host.bench(0)
    assert (cycles, checksum) == (0, 0)
    await host.still_works(14)


@cocotb.test(**LIMIT)
async def busy_refuses_commands_and_keeps_bursts_waiting(dut: Any) -> None:
    host = await start(dut)
    names = ("REFUSED", "INFERENCES", "REQUESTS")
    before = [await host.get(name) for name in names]
    await host.put("BENCH_COUNT", 400)
    await host.put("COMMAND", map_.BENCH)
    x = CORE.random(15, 5)
    host.send(x)
    for code in (map_.INFER, map_.BENCH, 0x77):
        await host.put("COMMAND", code)
    status = await host.get("STATUS")
    assert (map_.BUSY.of(status), map_.REFUSED.of(status), map_.RUN.of(status)) == (1, 1, map_.BENCH)
    assert await host.receive() == whole(x)
    assert map_.RUN.of(await host.wait()) == map_.BURST
    await host.put("COMMAND", 0x77)
    # Of the requests, only bench and burst were obeyed.
    after = [await host.get(name) for name in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [4, 405, 2]
    await host.still_works(16)
    assert map_.REFUSED.of(await host.get("STATUS")) == 0


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def unmapped_accesses_get_an_error(dut: Any) -> None:
    host = await start(dut, seed=17)
    readable = {r.offset for r in map_.REGISTERS}
    writable = {r.offset for r in map_.REGISTERS if r.access != map_.READ_ONLY}
    window = set(range(map_.VECTOR, map_.VECTOR + BURST_BYTES, 4))
    answers = set(range(map_.ANSWER, map_.ANSWER + ANSWER_ROOM, 4))
    errors = await host.get("BUS_ERRORS")
    places = [*range(0, 0x100, 4), *range(map_.ANSWER - 8, map_.ANSWER + ANSWER_ROOM + 16, 4)]
    places += range(map_.VECTOR - 8, map_.VECTOR + BURST_BYTES + 16, 4)
    for address in [*places, 0x1000, 0xC000, 0xFFFC]:
        value, response = await host.read(address)
        good = address in readable | window | answers
        assert response == (AxiResp.OKAY if good else AxiResp.SLVERR), hex(address)
        assert good or value == 0
        errors += not good
        if address == map_.ADDRESS["BUS_ERRORS"]:
            assert value == errors
        good = address in writable | window
        response = await host.write(address, 0)
        assert response == (AxiResp.OKAY if good else AxiResp.SLVERR), hex(address)
        errors += not good
    assert await host.get("BUS_ERRORS") == errors
    await host.still_works(18)


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def reset_in_mid_transfer(dut: Any) -> None:
    """`aresetn` at every moment of a burst, with register accesses under way; then all is as new."""
    host = await start(dut)
    x = CORE.random(19, 12)
    for delay in range(1, 60, 2):
        host.source.clear_pause_generator()
        host.sink.set_pause_generator(itertools.cycle((False, True)) if delay % 3 else None)
        host.send(x)
        host.bus.init_read(map_.ADDRESS["STATUS"], 4)
        host.bus.init_write(map_.VECTOR, bytes(BURST_BYTES))
        await ClockCycles(dut.aclk, delay)
        dut.aresetn.value = 0
        await ClockCycles(dut.aclk, 2)
        assert not int(dut.m_axis_tvalid.value) and not int(dut.s_axi_bvalid.value) and not int(dut.s_axi_rvalid.value)
        host.source.clear()
        host.sink.clear()
        await host.reset(2)
        host.sink.clear_pause_generator()
        host.sink.pause = False
        host.send(x[:3])
        assert await host.receive() == whole(x[:3]), delay
    await host.still_works(20)


@cocotb.test(timeout_time=10, timeout_unit="ms")
async def reset_command_ends_whatever_runs(dut: Any) -> None:
    host = await start(dut)
    await host.put("BENCH_COUNT", 0xFFFFFFFF)
    for seed in range(4):
        await host.put("COMMAND", map_.BENCH)
        await ClockCycles(dut.aclk, 10 + 37 * seed)
        await host.put("COMMAND", map_.RESET)
        assert map_.RUN.of(await host.wait()) == 0
        await host.still_works(seed)
    for cut in range(1, 40, 3):
        host.sink.pause = bool(cut & 1)
        host.send(CORE.random(cut, 30))
        await ClockCycles(dut.aclk, cut)
        # A driver resets the DMA first.
        for part in (host.source, host.sink):
            part.assert_reset(True)
            part.clear()
        await host.put("COMMAND", map_.RESET)
        assert map_.RUN.of(await host.wait()) == 0
        for part in (host.source, host.sink):
            part.assert_reset(False)
        host.sink.pause = False
        x = CORE.random(cut + 1, 3)
        host.send(x)
        assert await host.receive() == whole(x), cut
    await host.still_works(21)
