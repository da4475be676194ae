"""Our own design behind AXI (`FLOW=dataflow`): the commands of the host link by registers, bursts by DMA."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Iterator, Sequence

from toolchain.device.link import registers as link
from toolchain.device.link.answers import Bench, Counters, Identity, Inference, Values
from toolchain.device.link.axi.device import Buffer, Registers, wait_until
from toolchain.device.link.axi.dma import AxiDma
from toolchain.device.link.protocol import AnswerLayout, Tensor, Types
from toolchain.device.link.settings import Setting
from toolchain.errors import ToolError

BURST_VECTORS = 256
"""Vectors that go in one burst, at most: the longest that simulation covers."""

_BUFFER_BYTES = 1 << 20  # of a burst's vectors, and of its answers: both fit the memory that the driver asks for
_COMMAND_SECONDS, _BURST_SECONDS = 1.0, 60.0


class DmaPath:
    """What bursts go through: the DMA, and a buffer for each direction."""

    def __init__(self, dma: AxiDma, source: Buffer, target: Buffer) -> None:
        self.dma, self.source, self.target = dma, source, target


class Chip:
    """The design as loaded.

    Args:
        registers: its range, `registers.SPAN` bytes.

    Attributes:
        path: what bursts go through; None where there is no memory for DMA: all vectors then go through the window.

    Raises:
        ToolError: what answers at this address is not the design, or has another register map.
    """

    def __init__(self, registers: Registers, path: DmaPath | None = None) -> None:
        self._registers, self.path = registers, path
        self._given: dict[Setting, int] = {}
        self._must_be_ours()
        self._layout = self._told_layout()
        self.reset()

    @property
    def burst_bytes(self) -> int:
        """Bytes from one vector of a burst to the next."""
        return self._read("BURST_BYTES")

    @property
    def answer_room(self) -> int:
        """Bytes from one answer of a burst to the next."""
        return link.answer_room(self._layout.size)

    @property
    def holds(self) -> bool:
        """Whether it has windows; else it holds neither a vector nor an answer, and all go by DMA."""
        return link.windows_hold(self.burst_bytes, self._layout.size)

    @property
    def burst_vectors(self) -> int:
        """Vectors that go in one burst where there is memory for them."""
        return max(1, min(BURST_VECTORS, _BUFFER_BYTES // max(self.burst_bytes, self.answer_room)))

    def reset(self) -> None:
        """Give up what the chip does, as a break does on the UART; the counters stay, and settings that were given.

        Raises:
            ToolError: it stays busy.
        """
        self._write("COMMAND", link.RESET)
        self._wait("reset", _COMMAND_SECONDS)
        for setting, value in self._given.items():
            self._write_setting(setting, value)

    def set(self, setting: Setting, value: int) -> None:
        """Have a setting hold for all vectors that are sent from now on.

        Raises:
            ConfigError: a value outside its range.
            ToolError: the chip did not take it.
        """
        self._write_setting(setting, value)
        self._given[setting] = value

    def held(self, setting: Setting) -> int:
        """The value that a setting has in the chip."""
        return setting.value(self._registers.read(_place_of(setting)))

    def identify(self) -> Identity:
        """What the chip says it is."""
        source = self._tensor("INPUT")
        return Identity(
            model_hash=self._eight_bytes("MODEL_HASH"),
            build_id=self._eight_bytes("BUILD_ID"),
            vector_bytes=self._read("VECTOR_BYTES"),
            answer=self._told_layout(),
            clock_hz=self._read("CLOCK_HZ"),
            bench_vectors=self._read("BENCH_VECTORS"),
            source="chip",
            input_type=source.type_name,
            input_shape=source.shape,
            output_shape=self._tensor("OUTPUT").shape,
        )

    def infer(self, vector: bytes) -> Inference:
        """The answer to one packed vector: through the windows, or as a burst of one where there are none.

        Raises:
            ToolError: a vector of another length than the chip's, or the chip refuses or stays busy.
        """
        if not self.holds:
            (values,) = self._burst(self._must_have_path(), [vector], 0)
            return Inference(values, self._cycles())
        padded = next(self._padded([vector]))
        for at in range(0, len(padded), 4):
            self._registers.write(link.VECTOR + at, int.from_bytes(padded[at : at + 4], "little"))
        self._run("infer", link.INFER, _COMMAND_SECONDS)
        return Inference(self._last(), self._cycles())

    def infer_many(self, vectors: Sequence[bytes]) -> list[Values]:
        """The answers to many packed vectors: in bursts by DMA, or one by one where there is no memory for it.

        Raises:
            ToolError: as `infer`, a DMA error, or a vector that came incomplete.
        """
        if self.path is None and self.holds:
            return [self.infer(vector).values for vector in vectors]
        path = self._must_have_path()
        size = self._burst_vectors(path)
        starts = range(0, len(vectors), size)
        return [answer for at in starts for answer in self._burst(path, vectors[at : at + size], at)]

    def play(self, vector: bytes) -> None:
        """Have benches run this packed vector; without windows they run what the chip stores of it."""
        if self.holds:
            self.infer(vector)

    def bench(self, inferences: int, seconds: float = 60.0) -> Bench:
        """Run that many inferences (32 bits) of the stored vectors, back to back; without windows no answer is told.

        Args:
            seconds: how long it may take; a bench that takes longer is given up.

        Raises:
            ToolError: the chip refuses or stays busy.
        """
        if not 0 <= inferences <= 0xFFFFFFFF:
            raise ToolError(f"{inferences} inferences do not fit the 32 bits of BENCH_COUNT")
        self._write("BENCH_COUNT", inferences)
        started = time.perf_counter()
        self._run("bench", link.BENCH, seconds)
        taken = time.perf_counter() - started
        last = self._last() if self.holds else ()
        return Bench(inferences, last, self._cycles(), self._read("CHECKSUM"), taken)

    def counters(self) -> Counters:
        """Events since configuration."""
        return Counters(*(self._read(name) for name in ("INFERENCES", "REQUESTS", "DAMAGED", "REFUSED", "BUS_ERRORS")))

    # The rest is how ----------------------------------------------------------------------------------

    def _write_setting(self, setting: Setting, value: int) -> None:
        self._registers.write(_place_of(setting), setting.word(value))
        held = self.held(setting)
        if held != value:
            raise ToolError(
                f"setting {setting.name}: the chip holds {held:,}, set was {value:,}; another program may be using it"
            )

    def _must_be_ours(self) -> None:
        magic, version = self._read("MAGIC"), self._read("VERSION")
        if magic != link.MAGIC:
            raise ToolError(f"MAGIC reads {magic:08x}, not {link.MAGIC:08x}: another design, or another address")
        if version != link.MAP_VERSION:
            raise ToolError(f"register map {version}, the driver has {link.MAP_VERSION}; take the package's own driver")

    def _must_have_path(self) -> DmaPath:
        if self.path is None:
            sizes = f"vectors of {self.burst_bytes:,} bytes with answers of {self._layout.size:,}"
            raise ToolError(f"{sizes} go by DMA alone, and there is no memory for it")
        return self.path

    def _told_layout(self) -> AnswerLayout:
        return Types(self._tensor("INPUT"), self._tensor("OUTPUT"), self._read("CLASSES")).answer

    def _tensor(self, name: str) -> Tensor:
        words = [self._read(f"{name}_{part}") for part in link.TENSOR_REGISTERS]
        return Tensor.decode(link.told_tensor(struct.pack("<3I", *words)))

    def _run(self, name: str, code: int, seconds: float) -> None:
        self._write("COMMAND", code)
        self._wait(name, seconds)
        status = self._status()
        if link.REFUSED.of(status) or link.RUN.of(status) != code:
            raise ToolError(f"{name}: the chip refused it or did something else; another program may be using it")

    def _wait(self, name: str, seconds: float) -> None:
        if not wait_until(lambda: not self._status() & link.BUSY.mask, seconds):
            self._write("COMMAND", link.RESET)
            raise ToolError(f"{name}: the chip is still busy after {seconds:g} s; it was reset")

    def _burst(self, path: DmaPath, vectors: Sequence[bytes], first: int) -> list[Values]:
        data = b"".join(self._padded(vectors))
        path.source.write(data)
        received = self.answer_room * len(vectors)
        try:
            path.dma.transfer(path.source, len(data), path.target, received, _BURST_SECONDS)
        except ToolError as error:
            self.reset()
            raise ToolError(f"vectors {first} to {first + len(vectors) - 1}: {error}") from error
        answers = self._answers(path.target.read(received), first)
        self._must_be_what_the_chip_sent(answers, first)
        return [self._layout.decode(answer) for answer in answers]

    def _answers(self, data: bytes, first: int) -> list[bytes]:
        """The bytes of each answer of a burst; behind them the chip tells of a vector that came incomplete."""
        size, room = self._layout.size, self.answer_room
        each = [data[at : at + room] for at in range(0, len(data), room)]
        for index, answer in enumerate(each, first):
            if answer[size]:
                raise ToolError(f"vector {index} came incomplete to the chip; repeat it")
        return [answer[:size] for answer in each]

    def _must_be_what_the_chip_sent(self, answers: Sequence[bytes], first: int) -> None:
        """Answers that lie in memory must have the checksum the chip took of them on the way out."""
        sent, found = self._read("CHECKSUM"), zlib.crc32(b"".join(answers))
        if sent != found:
            last = first + len(answers) - 1
            raise ToolError(
                f"vectors {first} to {last}: answers in memory have checksum {found:08x}, the chip sent {sent:08x}; the"
                f" DMA buffer is cached, or the processor's port has another width than the bitstream's"
            )

    def _burst_vectors(self, path: DmaPath) -> int:
        fitting = min(path.source.size // self.burst_bytes, path.target.size // self.answer_room)
        if not fitting:
            raise ToolError(f"a DMA buffer of {path.source.size} bytes holds no vector; make it larger")
        return min(fitting, self.burst_vectors)

    def _padded(self, vectors: Sequence[bytes]) -> Iterator[bytes]:
        size, padded = self._read("VECTOR_BYTES"), self.burst_bytes
        for index, vector in enumerate(vectors):
            if len(vector) != size:
                raise ToolError(f"vector {index}: {len(vector)} bytes; the chip takes {size}")
            yield vector.ljust(padded, b"\0")

    def _last(self) -> Values:
        """The last answer, from its window."""
        words = [self._registers.read(link.ANSWER + at) for at in range(0, self.answer_room, 4)]
        data = b"".join(word.to_bytes(4, "little") for word in words)
        return self._layout.decode(data[: self._layout.size])

    def _cycles(self) -> int:
        return self._read("CYCLES_LOW") | self._read("CYCLES_HIGH") << 32

    def _eight_bytes(self, name: str) -> bytes:
        return struct.pack("<2I", self._read(f"{name}_LOW"), self._read(f"{name}_HIGH"))

    def _status(self) -> int:
        return self._read("STATUS")

    def _read(self, name: str) -> int:
        return self._registers.read(link.ADDRESS[name])

    def _write(self, name: str, value: int) -> None:
        self._registers.write(link.ADDRESS[name], value)


def _place_of(setting: Setting) -> int:
    return link.SETTING + 4 * setting.number
