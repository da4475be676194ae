"""Speaks to a simulated AXI chip as a driver does, and holds every answer against the integer network's."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.context import Context
from hls.pack import pack_inputs
from hls.simulate_axi import Answer, AxiChipSimulator, Bench, Burst, Counters, Identity, Inference, Script
from toolchain.errors import VerificationError
from toolchain.graph.network import IntegerNetwork
from toolchain.hostlink.protocol import bench_checksum
from toolchain.record import Check

# Not a multiple of the stored vectors, so that an error in their order shows in the checksum.
BENCH_INFERENCES = 100
_STALLS = 1


@dataclass(frozen=True)
class AxiCheck:
    """What to ask the chip, and what it must answer.

    Attributes:
        x: inputs, one by one through the window, then all in one burst, then in one with random pauses; shape
            (vectors, inputs).
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

    def run(self, simulator: AxiChipSimulator) -> dict[str, Check]:
        """Ask everything and compare.

        Raises:
            VerificationError: an answer is wrong or missing; names the first.
        """
        identity, *classes, burst, stalled, bench, counters = simulator.play(self._script()).answers
        self._check_identity(identity)
        self._check_classes(classes)
        for answer in (burst, stalled):
            self._check_burst(answer)
        self._check_bench(bench)
        self._check_counters(counters)
        every = Check(len(self.x), len(self.x))
        bursts = Check(2 * len(self.x), 2 * len(self.x))
        ran = Check(BENCH_INFERENCES, BENCH_INFERENCES)
        return {"chip": every, "bursts": bursts, "bench": ran, "identify": Check(1, 1), "counters": Check(1, 1)}

    def _script(self) -> Script:
        packed = pack_inputs(self.x, self.network.input_type)
        script = Script().identify()
        for vector in packed:
            script = script.infer(vector.tobytes())
        return script.burst(packed).burst(packed, stalls=_STALLS).bench(BENCH_INFERENCES).counters()

    def _check_identity(self, answer: Answer) -> None:
        for name, expected in self._identity():
            got = getattr(answer, name) if isinstance(answer, Identity) else None
            if got != expected:
                raise VerificationError(_differs(f"identify: {name}", expected, got))

    def _identity(self) -> Iterator[tuple[str, object]]:
        yield "model_hash", self.chip.model_hash
        yield "build_id", self.chip.build_id
        yield "classes", self.network.classes
        yield "clock_hz", files.clock_hz(self.context)
        yield "bench_vectors", len(self.bench)

    def _check_classes(self, answers: Sequence[Answer]) -> None:
        for index, (answer, expected) in enumerate(zip(answers, self.labels, strict=True)):
            got = answer.label if isinstance(answer, Inference) else answer
            if got != expected:
                raise VerificationError(_differs(f"infer: input {index}: class", expected, got))

    def _check_burst(self, answer: Answer) -> None:
        got = list(answer.labels) if isinstance(answer, Burst) else []
        pairs = enumerate(zip(got, self.labels, strict=False))
        wrong = next((index for index, (label, expected) in pairs if label != expected), None)
        if wrong is not None:
            raise VerificationError(_differs(f"burst: input {wrong}: class", self.labels[wrong], got[wrong]))
        if len(got) != len(self.labels):
            raise VerificationError(_differs("burst: number of classes", len(self.labels), len(got)))
        if isinstance(answer, Burst) and answer.checksum != zlib.crc32(bytes(self.labels)):
            raise VerificationError(_differs("burst: checksum", zlib.crc32(bytes(self.labels)), answer.checksum))

    def _check_bench(self, answer: Answer) -> None:
        labels = [int(label) for label in self.network.run(self.bench).labels]
        expected = (labels[(BENCH_INFERENCES - 1) % len(labels)], bench_checksum(labels, BENCH_INFERENCES))
        got = (answer.label, answer.checksum) if isinstance(answer, Bench) else answer
        if got != expected:
            raise VerificationError(_differs("bench: last class and checksum", expected, got))

    def _check_counters(self, answer: Answer) -> None:
        expected = (3 * len(self.x) + BENCH_INFERENCES, 0, 0, 0)
        got: object = answer
        if isinstance(answer, Counters):
            got = (answer.inferences, answer.damaged, answer.refused, answer.bus_errors)
        if got != expected:
            raise VerificationError(_differs("counters: inferences, damaged, refused, bus errors", expected, got))


def _differs(what: str, expected: object, got: object) -> str:
    return f"chip through its AXI ports: {what}: expected {expected!r}, got {got!r}"
