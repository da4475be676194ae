"""FINN's design (`FLOW=finn`): its own shell moves vectors by two small DMA engines; a class is found by the driver.

The shell counts nothing and says nothing of itself: cycles are None, and the identity is the package's.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from toolchain.device.link.answers import Bench, Counters, Identity, Inference, Values, argmax
from toolchain.device.link.axi.device import Buffer, Registers, wait_until
from toolchain.device.link.axi.elements import Words, element, repacker, words
from toolchain.device.link.protocol import AnswerLayout
from toolchain.device.packed import PackedManifest, PackedStream
from toolchain.errors import ToolError

SPAN = 0x1000
# Registers of an engine, as Vitis HLS lays them out for FINN's IODMA.
CONTROL, ADDRESS, ADDRESS_HIGH, REPETITIONS = 0x00, 0x10, 0x14, 0x1C
START, DONE, IDLE = 1 << 0, 1 << 1, 1 << 2

BATCH_VECTORS = 1024
"""Vectors that go in one transfer, where the buffers are large enough."""
_TRANSFER_SECONDS = 5.0


class Engine:
    """One DMA engine, by its name in the block design, and the memory it reads or writes."""

    def __init__(self, name: str, registers: Registers, buffer: Buffer) -> None:
        self.name, self.registers, self.buffer = name, registers, buffer

    def start(self, vectors: int) -> None:
        """Move that many vectors from or to the start of the memory."""
        self.registers.write(ADDRESS, self.buffer.address & 0xFFFFFFFF)
        self.registers.write(ADDRESS_HIGH, self.buffer.address >> 32)
        self.registers.write(REPETITIONS, vectors)
        self.registers.write(CONTROL, START)

    def has(self, bit: int) -> bool:
        """Whether a bit of CONTROL is set; reading clears DONE."""
        return bool(self.registers.read(CONTROL) & bit)


class Streams:
    """How vectors go in and the design's integers come out.

    Args:
        stream: the manifest's: type and folded shape of both.
        packing: how the package's vectors lie in bytes; see `toolchain.device.link.golden`.
    """

    def __init__(self, stream: Mapping[str, PackedStream], packing: Mapping[str, Any]) -> None:
        self.input = words(stream["input"]["type"], stream["input"]["folded"])
        self.output: Words = words(stream["output"]["type"], stream["output"]["folded"])
        self.answer = AnswerLayout(**packing["answer"])
        self.vector_bytes: int = packing["vector_bytes"]
        self.repack: Callable[[bytes], bytes] = repacker(element(packing["element_type"]), self.input)

    @property
    def buffer_bytes(self) -> tuple[int, int]:
        """Bytes of the largest transfer, in and out."""
        return self.input.size * BATCH_VECTORS, self.output.size * BATCH_VECTORS

    def answers(self, data: bytes, vectors: int) -> list[Values]:
        """The answers out of what the design wrote for each vector: its integers, or the class that they tell."""
        size = self.output.size
        found = [tuple(self.output.unpack(data[at : at + size])) for at in range(0, vectors * size, size)]
        return [(argmax(scores),) for scores in found] if self.answer.classes else found


class FinnChip:
    """FINN's design as loaded.

    Args:
        manifest: the package's.
        streams: how vectors go in and come out.
        source, target: the engines.
        stored: packed vectors that `bench` runs over.
    """

    def __init__(
        self, manifest: PackedManifest, streams: Streams, source: Engine, target: Engine, stored: Sequence[bytes]
    ) -> None:
        self._manifest, self._source, self._target = manifest, source, target
        self._streams = streams
        self._stored = list(stored)[: self._batch()]
        self._inferences = self._requests = 0

    def reset(self) -> None:
        """Check that both engines rest; FINN's shell has no reset of its own.

        Raises:
            ToolError: one is still at work; only loading the bitstream again ends that.
        """
        for engine in (self._source, self._target):
            if not wait_until(partial(engine.has, IDLE), _TRANSFER_SECONDS):
                raise ToolError(f"{engine.name} is still at work; load the bitstream again")

    def identify(self) -> Identity:
        """What the package says: FINN's shell cannot be asked."""
        manifest, identity = self._manifest, self._manifest["identity"]
        hashes = (bytes.fromhex(identity["model_hash"]), bytes.fromhex(identity["build_id"]))
        clock_hz = round(manifest["clock_mhz"] * 1e6)
        streams = self._streams
        return Identity(*hashes, streams.vector_bytes, streams.answer, clock_hz, len(self._stored), "manifest")

    def infer(self, vector: bytes) -> Inference:
        """The answer to one packed vector.

        Raises:
            ToolError: a vector of another length, or an engine that does not finish.
        """
        return Inference(self.infer_many([vector])[0], None)

    def play(self, vector: bytes) -> None:
        """Have benches run this packed vector: it stores its own."""

    def infer_many(self, vectors: Sequence[bytes]) -> list[Values]:
        """The answers to many packed vectors.

        Raises:
            ToolError: as `infer`.
        """
        size = self._batch()
        found: list[Values] = []
        for at in range(0, len(vectors), size):
            batch = self._packed(vectors[at : at + size], at)
            count = min(size, len(vectors) - at)
            self._source.buffer.write(batch)
            self._move(count, _TRANSFER_SECONDS)
            found += self._streams.answers(self._target.buffer.read(count * self._streams.output.size), count)
        return found

    def bench(self, inferences: int, seconds: float = 60.0) -> Bench:
        """Run that many inferences of the stored vectors, in a circle; only the transfers are timed, by the host.

        Args:
            seconds: how long one transfer may take.

        Raises:
            ToolError: an engine does not finish, or no vectors are stored.
        """
        if not self._stored:
            raise ToolError("bench: the package holds no vectors to run over")
        checksum, taken, left, written, told = 0, 0.0, inferences, b"", b""
        answers: list[Values] = [(0,)]
        self._source.buffer.write(self._packed(self._stored, 0))
        while left:
            count = min(len(self._stored), left)
            started = time.perf_counter()
            self._move(count, seconds)
            taken += time.perf_counter() - started
            found = self._target.buffer.read(count * self._streams.output.size)
            if found != written:  # each turn of the circle gives the same bytes; to decode them is what takes long
                written, answers = found, self._streams.answers(found, count)
                told = b"".join(map(self._streams.answer.encode, answers))
            checksum, left = zlib.crc32(told, checksum), left - count
        return Bench(inferences, answers[-1], None, checksum, taken)

    def counters(self) -> Counters:
        """What this driver did since it was opened: FINN's shell counts nothing."""
        return Counters(self._inferences, self._requests, None, None, None)

    # The rest is how ----------------------------------------------------------------------------------

    def _move(self, count: int, seconds: float) -> None:
        self.reset()
        self._target.start(count)
        self._source.start(count)
        if not wait_until(partial(self._target.has, DONE), seconds):
            name = self._target.name
            raise ToolError(f"{name}: {count} vectors are not done after {seconds:g} s; load the bitstream again")
        self._inferences += count
        self._requests += 1

    def _batch(self) -> int:
        fitting = [
            engine.buffer.size // stream.size
            for engine, stream in ((self._source, self._streams.input), (self._target, self._streams.output))
        ]
        if not min(fitting):
            raise ToolError("the DMA buffers hold no vector; make them larger")
        return min(*fitting, BATCH_VECTORS)

    def _packed(self, vectors: Sequence[bytes], first: int) -> bytes:
        for index, vector in enumerate(vectors):
            if len(vector) != self._streams.vector_bytes:
                taken = self._streams.vector_bytes
                raise ToolError(f"vector {first + index}: {len(vector)} bytes; the design takes {taken}")
        return b"".join(map(self._streams.repack, vectors))
