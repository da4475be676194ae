"""Speaks to a simulated chip as a host does, and holds every answer against the integer network's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from flows.stages.rtl.chip_answers import BENCH_INFERENCES, ChipAnswers
from hls.pack import pack_inputs
from hls.simulate_chip import REPLY_CYCLES, ChipSimulator
from toolchain.device.link import protocol
from toolchain.results.check import Check


@dataclass(frozen=True)
class UartCheck(ChipAnswers):
    """What to ask the chip through its UART, and what it must answer."""

    link: ClassVar[str] = "UART"
    identity: ClassVar[type[Any]] = protocol.Identity
    inference: ClassVar[type[Any]] = protocol.Inference
    bench_run: ClassVar[type[Any]] = protocol.Bench
    counted: ClassVar[type[Any]] = protocol.Counters
    trouble: ClassVar[tuple[str, ...]] = ("crc_errors", "line_errors")

    def requests(self) -> list[bytes]:
        """identify, one infer a vector, bench, counters."""
        packed = pack_inputs(self.x, self.reference.input_type)
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
        self.check_identity(replies[0])
        self.check_answers("infer", [self.values(reply) for reply in replies[1:-2]])
        self.check_bench(replies[-2])
        self.check_counters(replies[-1], len(self.x) + BENCH_INFERENCES)
        return self.checks


def _only_reply(data: bytes) -> protocol.Reply | None:
    replies = protocol.parse_replies(data)
    return replies[0] if len(replies) == 1 else None
