"""Speaks to a simulated chip as a host does, and holds every answer against the integer network's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.context import Context
from hls.pack import pack_inputs
from hls.simulate_chip import REPLY_CYCLES, ChipSimulator
from toolchain.errors import VerificationError
from toolchain.graph.network import IntegerNetwork
from toolchain.hostlink import protocol
from toolchain.record import Check

# Not a multiple of the stored vectors, so that an error in their order shows in the checksum.
BENCH_INFERENCES = 100


@dataclass(frozen=True)
class ChipCheck:
    """What to ask the chip, and what it must answer.

    Attributes:
        x: inputs for `infer`, shape (vectors, inputs).
        bench: the inputs stored in the chip.
    """

    context: Context
    chip: files.Chip
    network: IntegerNetwork
    x: NDArray[np.uint8]
    bench: NDArray[np.uint8]

    @cached_property
    def labels(self) -> list[int]:
        """The right class of each input."""
        return [int(label) for label in self.network.run(self.x).labels]

    @cached_property
    def bench_labels(self) -> list[int]:
        """The right class of each stored vector."""
        return [int(label) for label in self.network.run(self.bench).labels]

    def requests(self) -> list[bytes]:
        """identify, one infer a vector, bench, counters."""
        packed = pack_inputs(self.x, self.network.input_type)
        infers = [protocol.infer_request(i % 256, v.tobytes()) for i, v in enumerate(packed)]
        bench = protocol.bench_request(1, BENCH_INFERENCES)
        return [protocol.identify_request(0), *infers, bench, protocol.counters_request(2)]

    def run(self, simulator: ChipSimulator) -> dict[str, Check]:
        """Ask everything and compare.

        Raises:
            VerificationError: an answer is wrong or missing; names the first.
        """
        cycles = REPLY_CYCLES + 2 * BENCH_INFERENCES * self.chip.core.initiation_interval
        raw = simulator.exchange(self.requests(), reply_cycles=cycles)
        replies = [_only_reply(data) for data in raw]
        self._check_identity(replies[0])
        self._check_classes(replies[1:-2])
        self._check_bench(replies[-2])
        self._check_counters(replies[-1])
        every = Check(len(self.x), len(self.x))
        bench = Check(BENCH_INFERENCES, BENCH_INFERENCES)
        return {"chip": every, "bench": bench, "identify": Check(1, 1), "counters": Check(1, 1)}

    def _check_identity(self, reply: protocol.Reply | None) -> None:
        got = reply if isinstance(reply, protocol.Identity) else None
        for name, expected in self._identity():
            if getattr(got, name, None) != expected:
                raise VerificationError(_differs(f"identify: {name}", expected, getattr(got, name, reply)))

    def _identity(self) -> Iterator[tuple[str, object]]:
        yield "model_hash", self.chip.model_hash
        yield "build_id", self.chip.build_id
        yield "classes", self.network.classes
        yield "clock_hz", files.clock_hz(self.context)
        yield "bench_vectors", len(self.bench)

    def _check_classes(self, replies: Sequence[protocol.Reply | None]) -> None:
        for index, (reply, expected) in enumerate(zip(replies, self.labels, strict=True)):
            got = reply.label if isinstance(reply, protocol.Inference) else reply
            if got != expected:
                raise VerificationError(_differs(f"infer: input {index}: class", expected, got))

    def _check_bench(self, reply: protocol.Reply | None) -> None:
        labels = self.bench_labels
        last = labels[(BENCH_INFERENCES - 1) % len(labels)]
        expected = (last, protocol.bench_checksum(labels, BENCH_INFERENCES))
        got = (reply.label, reply.checksum) if isinstance(reply, protocol.Bench) else reply
        if got != expected:
            raise VerificationError(_differs("bench: last class and checksum", expected, got))

    def _check_counters(self, reply: protocol.Reply | None) -> None:
        expected = (len(self.x) + BENCH_INFERENCES, 0, 0)
        got: object = reply
        if isinstance(reply, protocol.Counters):
            got = (reply.inferences, reply.crc_errors, reply.line_errors)
        if got != expected:
            raise VerificationError(_differs("counters: inferences, CRC and line errors", expected, got))


def _only_reply(data: bytes) -> protocol.Reply | None:
    replies = protocol.parse_replies(data)
    return replies[0] if len(replies) == 1 else None


def _differs(what: str, expected: object, got: object) -> str:
    return f"chip through its UART: {what}: expected {expected!r}, got {got!r}"
