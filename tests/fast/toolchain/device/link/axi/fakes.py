"""A board that is not there: register maps that answer as the hardware is specified to, and refuse what it refuses."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from toolchain.device.link import registers as link
from toolchain.device.link.axi import dma, finn
from toolchain.device.link.protocol import UNSIGNED, Tensor
from toolchain.errors import ToolError

CONTROL, DMA = 0xA0000000, 0xA0010000
IDMA, ODMA = 0xA0020000, 0xA0030000
CLOCK_HZ = 100_000_000
LATENCY, INTERVAL = 40, 10

Classify = Callable[[bytes], int]


class FakeChip:
    """`axi_chip` behind its registers; an access that it would answer with SLVERR fails the test.

    Attributes:
        busy_reads: how often STATUS says busy after a command.
        damaged: indices of burst vectors that "come incomplete".
        settings: words that settings have after a reset; words: those that they hold.
    """

    def __init__(self, classify: Classify, stored: list[bytes], vector_bytes: int, classes: int, stream: int = 8):
        self.classify, self.stored, self.vector_bytes = classify, stored, vector_bytes
        self.stride = -(-vector_bytes // stream) * stream
        self.held = link.windows_hold(self.stride, 1)
        self.busy_reads, self.damaged, self.refusing = 2, set[int](), False
        self.settings: list[int] = []
        self.words: list[int] = []
        self._busy, self._window, self._label = 0, bytearray(self.stride), 0
        self._values = dict.fromkeys(link.ADDRESS, 0)
        self._values |= {"MAGIC": link.MAGIC, "VERSION": link.MAP_VERSION, "CLASSES": classes, "CLOCK_HZ": CLOCK_HZ}
        self._values |= {
            "VECTOR_BYTES": vector_bytes,
            "BURST_BYTES": self.stride,
            "BENCH_VECTORS": len(stored) * self.held,
        }
        self._tell("INPUT", Tensor(4, UNSIGNED, (5, 2)))
        self._tell("OUTPUT", Tensor((classes - 1).bit_length(), UNSIGNED, (1,)))
        self.identity(bytes.fromhex("aa" * 8), bytes.fromhex("bb" * 8))
        self._names = {register.offset: register for register in link.REGISTERS}

    def identity(self, model_hash: bytes, build_id: bytes) -> None:
        self._eight("MODEL_HASH", model_hash)
        self._eight("BUILD_ID", build_id)

    def _tell(self, name: str, tensor: Tensor) -> None:
        words = struct.unpack("<3I", link.tensor_words(tensor.encode()))
        self._values |= {f"{name}_{part}": word for part, word in zip(link.TENSOR_REGISTERS, words, strict=True)}

    def _eight(self, name: str, value: bytes) -> None:
        self._values[f"{name}_LOW"] = int.from_bytes(value[:4], "little")
        self._values[f"{name}_HIGH"] = int.from_bytes(value[4:], "little")

    def set(self, name: str, value: int) -> None:
        self._values[name] = value

    def read(self, offset: int) -> int:
        if offset == link.ANSWER and self.held:
            return self._label
        if 0 <= offset - link.SETTING < 4 * len(self.words):
            return self.words[(offset - link.SETTING) // 4]
        assert offset in self._names, f"SLVERR: read of {offset:#x}"
        name = self._names[offset].name
        if name == "STATUS" and self._busy:
            self._busy -= 1
            return self._values["STATUS"] | link.BUSY.mask
        return self._values[name]

    def write(self, offset: int, value: int) -> None:
        assert offset % 4 == 0 and 0 <= value <= 0xFFFFFFFF
        if self.held and link.VECTOR <= offset < link.VECTOR + self.stride:
            at = offset - link.VECTOR
            self._window[at : at + 4] = value.to_bytes(4, "little")
            return
        if 0 <= offset - link.SETTING < 4 * len(self.words):
            if not self.refusing:
                self.words[(offset - link.SETTING) // 4] = value
            return
        assert offset in self._names, f"SLVERR: write of {offset:#x}"
        register = self._names[offset]
        assert register.access != link.READ_ONLY, f"SLVERR: write of {register.name}"
        self._values[register.name] = value
        if register.name == "COMMAND":
            self._command(value)

    def burst(self, data: bytes) -> bytes:
        """One packet of the input stream, and the packet of results."""
        vectors = [data[at : at + self.vector_bytes] for at in range(0, len(data), self.stride)]
        labels = [self.classify(vector) for vector in vectors]
        self._ran(link.BURST, labels)
        self._count("REQUESTS", 1)
        return b"".join(bytes([label, index in self.damaged, 0, 0]) for index, label in enumerate(labels))

    def _command(self, code: int) -> None:
        self._busy = self.busy_reads
        if (self.refusing and code != link.RESET) or (code == link.INFER and not self.held):
            self._values["STATUS"] |= link.REFUSED.mask
            self._count("REFUSED", 1)
            return
        self._count("REQUESTS", 1)
        if code == link.RESET:
            self._values["STATUS"] = 0
            self.words = list(self.settings)
        elif code == link.INFER:
            self._ran(code, [self.classify(bytes(self._window[: self.vector_bytes]))])
        elif code == link.BENCH:
            labels = [self.classify(vector) for vector in self.stored]
            count = self._values["BENCH_COUNT"]
            self._ran(code, (labels * (count // len(labels) + 1))[:count])
        else:
            raise AssertionError(f"unknown command {code}")

    def _ran(self, run: int, labels: list[int]) -> None:
        cycles = LATENCY + INTERVAL * (len(labels) - 1) if labels else 0
        self._values["STATUS"] = run << link.RUN.low
        self._label = labels[-1] if labels else 0
        self._values["CYCLES_LOW"], self._values["CYCLES_HIGH"] = cycles & 0xFFFFFFFF, cycles >> 32
        self._values["CHECKSUM"] = zlib.crc32(bytes(labels))
        self._count("INFERENCES", len(labels))

    def _count(self, name: str, events: int) -> None:
        self._values[name] = (self._values[name] + events) & 0xFFFFFFFF


class FakeMemory:
    """Physical memory that DMA reaches; what was not flushed is not there, what was not invalidated is old."""

    def __init__(self) -> None:
        self.content: dict[int, bytearray] = {}

    def take(self, size: int) -> FakeBuffer:
        address = 0x8_0000_0000 + 0x100_0000 * len(self.content)
        self.content[address] = bytearray(size)
        return FakeBuffer(address, size, self.content[address])


class FakeBuffer:
    def __init__(self, address: int, size: int, content: bytearray) -> None:
        self.address, self.size, self._content = address, size, content

    def write(self, data: bytes) -> None:
        assert len(data) <= self.size
        self._content[: len(data)] = data

    def read(self, size: int) -> bytes:
        assert size <= self.size
        return bytes(self._content[:size])


class FakeDma:
    """An AXI DMA in direct register mode as PG021 has it, with `axi_chip` on its streams.

    Attributes:
        status_bits: bits that both status registers have on top, such as errors.
        hanging: the logic never answers.
        corrupt: changes results on their way to memory.
    """

    def __init__(self, memory: FakeMemory, chip: FakeChip) -> None:
        self._memory, self._chip = memory, chip
        self.status_bits, self.hanging, self.resets = 0, False, 0
        self.corrupt: Callable[[bytes], bytes] = lambda data: data
        self._registers = dict.fromkeys(range(0, 0x60, 4), 0)
        self._done = {dma.SEND: False, dma.RECEIVE: False}

    def read(self, offset: int) -> int:
        for channel in (dma.SEND, dma.RECEIVE):
            if offset == channel + dma.STATUS:
                running = self._registers[channel + dma.CONTROL] & dma.RUN
                ended = dma.IDLE | dma.DONE if self._done[channel] else 0
                return (ended if running else dma.HALTED) | self.status_bits
        return self._registers[offset]

    def write(self, offset: int, value: int) -> None:
        channel = dma.RECEIVE if offset >= dma.RECEIVE else dma.SEND
        if offset - channel == dma.CONTROL and value & dma.RESET:
            self.resets += 1
            self._registers = dict.fromkeys(self._registers, 0)
            self.status_bits &= dma.SCATTER_GATHER
            return
        if offset - channel == dma.STATUS:
            self._done[channel] &= not value & dma.DONE
            return
        self._registers[offset] = value
        if offset == dma.SEND + dma.LENGTH and self._registers[dma.CONTROL] & dma.RUN and not self.hanging:
            self._run(value)

    def _run(self, length: int) -> None:
        """Receiving must have been armed before: a stream that nobody takes would stall the design."""
        room = self._registers[dma.RECEIVE + dma.LENGTH]
        assert room, "results come before there is room for them"
        source, target = (self._content(channel) for channel in (dma.SEND, dma.RECEIVE))
        result = self.corrupt(self._chip.burst(bytes(source[:length])))
        assert len(result) <= room, "DMAIntErr: the packet is longer than the buffer"
        target[: len(result)] = result
        self._done = {dma.SEND: True, dma.RECEIVE: True}

    def _content(self, channel: int) -> bytearray:
        high, low = self._registers[channel + dma.ADDRESS_HIGH], self._registers[channel + dma.ADDRESS]
        return self._memory.content[high << 32 | low]


class FakeEngine:
    """One of FINN's DMA engines; the input's one drives the output's. DONE is cleared by reading."""

    def __init__(self, memory: FakeMemory, compute: Callable[[bytes], bytes], vector_bytes: int) -> None:
        self._memory, self._compute, self._vector_bytes = memory, compute, vector_bytes
        self.registers = {finn.CONTROL: finn.IDLE, finn.ADDRESS: 0, finn.ADDRESS_HIGH: 0, finn.REPETITIONS: 0}
        self.target: FakeEngine | None = None
        self.hanging = False

    def read(self, offset: int) -> int:
        value = self.registers[offset]
        if offset == finn.CONTROL:
            self.registers[offset] &= ~finn.DONE
        return value

    def write(self, offset: int, value: int) -> None:
        assert offset in self.registers
        self.registers[offset] = value
        if offset == finn.CONTROL and value & finn.START:
            self.registers[offset] = 0
            if self.target:
                self._run(self.target)

    def _run(self, target: FakeEngine) -> None:
        assert target.registers[finn.CONTROL] == 0, "results come before there is room for them"
        count = self.registers[finn.REPETITIONS]
        assert count == target.registers[finn.REPETITIONS]
        data, size = self.memory(), self._vector_bytes
        result = b"".join(self._compute(bytes(data[at : at + size])) for at in range(0, count * size, size))
        target.memory()[: len(result)] = result
        self.registers[finn.CONTROL] = finn.IDLE | finn.DONE
        target.registers[finn.CONTROL] = 0 if target.hanging else finn.IDLE | finn.DONE

    def memory(self) -> bytearray:
        return self._memory.content[self.registers[finn.ADDRESS_HIGH] << 32 | self.registers[finn.ADDRESS]]


class FakeDevice:
    """A machine with these registers at their addresses, and memory for DMA unless told otherwise."""

    name = "fake"

    def __init__(self, ranges: dict[int, object], memory: FakeMemory | None) -> None:
        self._ranges, self._memory = ranges, memory
        self.loaded: list[Path] = []
        self.closed = False

    def load(self, bitstream: Path) -> None:
        assert bitstream.is_file()
        self.loaded.append(bitstream)

    def registers(self, base: int, span: int) -> object:
        assert base in self._ranges, f"nothing lies at {base:#x}"
        return self._ranges[base]

    def buffer(self, size: int) -> FakeBuffer:
        if self._memory is None:
            raise ToolError("no u-dma-buf: load the module")
        return self._memory.take(size)

    def close(self) -> None:
        self.closed = True
