"""Speaks to a simulated AXI chip as a driver does, and holds every answer against the integer network's."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.rtl.chip_answers import Asked, ChipAnswers, vectors_asked
from hls.chip import played_inputs, types_of, vector_bytes
from hls.pack import pack_inputs
from hls.simulate_axi import REPLY_CYCLES, Answer, AxiChipSimulator, Bench, Burst, Counters, Identity, Inference, Script
from toolchain.device.link.answers import Values
from toolchain.results.core import CoreDescription

_STALLS = 1
# Clocks that all vectors may take, and those of one access to a register.
_CLOCKS = 2_000_000
_ACCESS_CLOCKS = 5


@dataclass(frozen=True)
class AxiCheck(ChipAnswers):
    """What to ask the chip through its AXI ports, and what it must answer.

    The inputs go one by one through the window, then all in one burst, then in one with random pauses.

    Attributes:
        alone: what messages call the way in which an input goes by itself.
        held: whether the chip has windows.
    """

    alone: ClassVar[str] = "infer"
    held: ClassVar[bool] = True
    link: ClassVar[str] = "AXI ports"
    identity: ClassVar[type[Any]] = Identity
    inference: ClassVar[type[Any]] = Inference
    bench_run: ClassVar[type[Any]] = Bench
    counted: ClassVar[type[Any]] = Counters
    trouble: ClassVar[tuple[str, ...]] = ("damaged", "refused", "bus_errors")

    def run(self, simulator: AxiChipSimulator) -> Asked:
        """Ask everything and compare.

        Raises:
            VerificationError: an answer is wrong or missing; names the first.
        """
        identity, *answers, burst, stalled, bench, counters = simulator.play(self._script()).answers
        self.check_identity(identity)
        self.check_answers(self.alone, [self._values(answer) for answer in answers])
        for answer in (burst, stalled):
            self._check_burst(answer)
        self.check_bench(bench)
        self.check_counters(counters, 3 * len(self.x) + self.bench_inferences)
        checks = {**self.checks, "bursts": self.all_equal(2 * len(self.x))}
        return Asked(checks, self.latency(answers))

    @property
    def patience(self) -> int:
        """Clock cycles that a burst or the bench may take, about twice as many as it needs."""
        most, core = max(len(self.x), self.bench_inferences), self.chip.core
        # An answer leaves a byte a cycle, and later where the other side pauses.
        return REPLY_CYCLES + 2 * most * max(core.initiation_interval, 2 * core.output.layout.size)

    @staticmethod
    def vectors(core: CoreDescription, most: int) -> int:
        """How many vectors are asked, of `most`: of a core of units those that take seconds of Verilator."""
        window = _ACCESS_CLOCKS * (vector_bytes(core) // 4 + core.output.layout.size // 4 + 2)
        return vectors_asked(core, most, _CLOCKS // (3 * core.initiation_interval + window))

    def bench_answer(self) -> Mapping[str, object]:
        """See `ChipAnswers`."""
        return self.right_bench._asdict()

    def told_types(self) -> dict[str, object]:
        """See `ChipAnswers`."""
        types = types_of(self.chip.core)
        return {"input": types.input, "output": types.output, "classes": types.classes}

    def _script(self) -> Script:
        packed = pack_inputs(self.x, self.reference.input_type)
        script = Script(self.reference.output.layout, self.patience, held=self.held).identify()
        for vector in packed:
            script = self._asking(script, vector)
        return script.burst(packed).burst(packed, stalls=_STALLS).bench(self.bench_inferences).counters()

    def _asking(self, script: Script, vector: NDArray[np.uint8]) -> Script:
        """The script, and one packed vector by itself."""
        return script.infer(vector.tobytes())

    def _values(self, answer: Answer) -> object:
        """What came of that: its elements, or what is no answer to it."""
        return answer.values if isinstance(answer, Inference) else answer

    def _check_burst(self, answer: Answer) -> None:
        self.check_answers("burst", answer.answers if isinstance(answer, Burst) else [])
        layout = self.reference.output.layout
        checksum = zlib.crc32(b"".join(map(layout.encode, self.answers)))
        if isinstance(answer, Burst) and answer.checksum != checksum:
            raise self.differs("burst: checksum", checksum, answer.checksum)


@dataclass(frozen=True)
class StreamedAxiCheck(AxiCheck):
    """The same of a chip without windows: each vector goes as a burst of one, and the bench plays what is stored."""

    alone: ClassVar[str] = "burst of one"
    held: ClassVar[bool] = False

    @cached_property
    def bench_answers(self) -> list[Values]:
        """See `ChipAnswers`."""
        played = played_inputs(self.chip.core, files.golden_inputs(self.context)[0])
        return [tuple(row) for row in self.reference.run(played[None]).tolist()]

    def bench_answer(self) -> Mapping[str, object]:
        """See `ChipAnswers`; there is no window that tells the last answer."""
        return {"checksum": self.right_bench.checksum}

    def _asking(self, script: Script, vector: NDArray[np.uint8]) -> Script:
        # A resting core may write padding ahead, for no longer than it works on a vector.
        return script.burst(vector[None], rest=self.chip.core.initiation_interval)

    def _values(self, answer: Answer) -> object:
        return answer.answers[0] if isinstance(answer, Burst) and len(answer.answers) == 1 else answer
