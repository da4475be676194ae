"""Speaks to a simulated chip as a host does, and holds every answer against the integer network's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flows.stages.rtl.chip_answers import Asked, ChipAnswers, vectors_asked
from hls.chip import part_bytes, types_of, vector_bytes
from hls.pack import pack_inputs
from hls.simulate_chip import REPLY_CYCLES, ChipSimulator
from toolchain.device.link import protocol
from toolchain.results.core import CoreDescription

# Of a core of 20,000 LUTs in Verilator.
MINUTE_CLOCKS = 6_000_000


@dataclass(frozen=True)
class UartCheck(ChipAnswers):
    """What to ask the chip through its UART, and what it must answer."""

    link: ClassVar[str] = "UART"
    identity: ClassVar[type[Any]] = protocol.Identity
    inference: ClassVar[type[Any]] = protocol.Inference
    bench_run: ClassVar[type[Any]] = protocol.Bench
    counted: ClassVar[type[Any]] = protocol.Counters
    trouble: ClassVar[tuple[str, ...]] = ("crc_errors", "line_errors")

    def run(self, simulator: ChipSimulator) -> Asked:
        """Ask everything and compare.

        Raises:
            VerificationError: an answer is wrong or missing; names the first.
        """
        cycles = REPLY_CYCLES + 2 * self.bench_inferences * self.pace
        raw = simulator.exchange(self.requests(), reply_cycles=cycles)
        replies = [self._only_reply(data) for data in raw]
        self.check_identity(replies[0])
        answers = [reply for reply in replies[1:-2] if not _is_part(reply)]
        self.check_answers("infer", [self._values(reply) for reply in answers])
        self.check_bench(replies[-2])
        self.check_counters(replies[-1], len(self.x) + self.bench_inferences)
        return Asked(self.checks, self.latency(answers))

    @classmethod
    def vectors(cls, core: CoreDescription, clock_hz: int, baud: int, most: int) -> int:
        """How many vectors to send, of `most`: of a core of units those that are simulated in about a minute."""
        clocks = protocol.BITS_A_BYTE * vector_bytes(core) * clock_hz // baud + core.initiation_interval
        return vectors_asked(core, most, MINUTE_CLOCKS // clocks)

    def requests(self) -> list[bytes]:
        """identify, one infer a vector (behind its parts where it is long), bench, counters."""
        packed = pack_inputs(self.x, self.reference.input_type)
        infers = [frame for index, vector in enumerate(packed) for frame in self._infer(index % 256, vector.tobytes())]
        bench = protocol.bench_request(1, self.bench_inferences)
        return [protocol.identify_request(0), *infers, bench, protocol.counters_request(2)]

    def bench_answer(self) -> Mapping[str, object]:
        """See `ChipAnswers`."""
        right = self.right_bench
        return {"answer": self.reference.output.layout.encode(right.values), "checksum": right.checksum}

    def told_types(self) -> dict[str, object]:
        """See `ChipAnswers`."""
        return {"types": types_of(self.chip.core)}

    def _infer(self, sequence: int, vector: bytes) -> list[bytes]:
        requests = protocol.vector_requests(vector, part_bytes(self.chip.core))
        return [protocol.encode_frame(command, sequence, payload) for command, payload in requests]

    def _only_reply(self, data: bytes) -> protocol.Reply | None:
        replies = protocol.parse_replies(data, self.reference.output.layout.size + protocol.MAX_REPLY_PAYLOAD)
        return replies[0] if len(replies) == 1 else None

    def _values(self, reply: protocol.Reply | None) -> object:
        layout = self.reference.output.layout
        is_answer = isinstance(reply, protocol.Inference) and len(reply.answer) == layout.size
        return layout.decode(reply.answer) if is_answer else reply  # type: ignore[union-attr]


def _is_part(reply: protocol.Reply | None) -> bool:
    return isinstance(reply, protocol.Loaded)
