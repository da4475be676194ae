"""Speaks to a simulated chip of the streamed form by its driver; the integer network says what is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar

from numpy.typing import NDArray

from flows.stages.clocking import clock_hz
from flows.stages.rtl.chip_answers import Asked, ChipAnswers, vectors_asked
from flows.stages.rtl.uart_check import MINUTE_CLOCKS
from hls.chip import played_inputs, types_of, vector_bytes
from hls.pack import pack_inputs
from hls.simulate_chip import ChipSimulator
from toolchain.device.link import answers as answered
from toolchain.device.link import protocol
from toolchain.device.link.answers import Values
from toolchain.device.link.patience import Patience
from toolchain.device.link.serial_link import SerialBoard
from toolchain.results.core import CoreDescription

# Of a chip whose whole vectors would take the line longer, only the first parts of an answer are waited for.
_MOST_MINUTES, _PIECES = 5, 3
# Inputs of which a bench plays a part.
_BENCHED = 2
# In simulated seconds.
_PATIENCE = Patience(reply=0.02, quiet=0.002)


@dataclass(frozen=True)
class StreamedCheck(ChipAnswers):
    """What to ask a chip of the streamed form, and what it must answer.

    All inputs are streamed whole where the line carries them in minutes. Else `played` ones, each an input's first part
    over and over, are asked for by benches, which tell whole answers by their checksum; and one input is streamed up to
    the first parts of its answer.
    """

    link: ClassVar[str] = "UART"
    identity: ClassVar[type[Any]] = answered.Identity
    inference: ClassVar[type[Any]] = answered.Inference
    bench_run: ClassVar[type[Any]] = answered.Bench
    counted: ClassVar[type[Any]] = answered.Counters
    trouble: ClassVar[tuple[str, ...]] = ("damaged",)

    def run(self, simulator: ChipSimulator) -> Asked:
        """Ask everything and compare.

        Raises:
            VerificationError: an answer is wrong; names the first.
            ToolError: the chip does not answer.
        """
        with SerialBoard(simulator.port(), _PATIENCE) as board:
            self.check_identity(board.identify())
            if self._whole:
                self.check_answers("infer", board.infer_many(self._packed(self.x)))
            else:
                self._check_first_parts(board)
            latency, *_ = [self._single(board, row) for row in self.x[:_BENCHED]]
            self._play(board, self.x[0])
            self.check_bench(board.bench(self.bench_inferences, self._seconds(self.bench_inferences)))
            benched = len(self.x[:_BENCHED]) + self.bench_inferences
            counted = board.counters()
            self.check_counters(counted, benched + self._whole * len(self.x))
            # A break counts as an error of the line.
            self._must_be("counters", counted, {"bus_errors": board.traffic.breaks})
        return Asked(self.checks, latency)

    @classmethod
    def vectors(cls, core: CoreDescription, clock_hz: int, baud: int, most: int) -> int:
        """How many vectors to ask for, of `most`: those that are simulated in about a minute."""
        return vectors_asked(core, most, MINUTE_CLOCKS // _line_clocks(core, clock_hz, baud))

    @cached_property
    def _whole(self) -> bool:
        """Whether all inputs are streamed whole."""
        one = _line_clocks(self.chip.core, clock_hz(self.context), self.context.open_board.host_link.baud)
        return one * len(self.x) <= _MOST_MINUTES * MINUTE_CLOCKS

    def _check_first_parts(self, board: SerialBoard) -> None:
        told, right, at = board.link_identity, self._right_of(self.x[0]), 0
        for piece in islice(board.streaming.pieces(self._packed(self.x[:1]), told), _PIECES):
            if piece != right[at : at + len(piece)]:
                what = f"stream: input 0: bytes from {at}"
                raise self.differs(what, right[at : at + len(piece)].hex(), piece.hex())
            at += len(piece)

    def _single(self, board: SerialBoard, row: NDArray[Any]) -> int:
        """The clock cycles of one inference of what a bench plays of an input, answered right."""
        self._play(board, row)
        right = self._right_of(played_inputs(self.chip.core, row))
        got = board.bench(1, self._seconds(1))
        self._must_be("bench of 1", got, {"checksum": protocol.bench_checksum([right], 1)})
        return int(got.cycles or 0)

    def _play(self, board: SerialBoard, row: NDArray[Any]) -> None:
        board.play(self._packed(row[None])[0])

    def _seconds(self, inferences: int) -> float:
        """Simulated seconds that a bench may take."""
        core = self.chip.core
        clocks = (inferences + 1) * 2 * (core.initiation_interval + core.output.layout.size)
        return _PATIENCE.reply + clocks / clock_hz(self.context)

    def _right_of(self, row: NDArray[Any]) -> bytes:
        return self.reference.output.layout.encode(map(int, self.reference.run(row[None])[0]))

    @cached_property
    def bench_answers(self) -> list[Values]:
        """See `ChipAnswers`."""
        return [self.reference.output.layout.decode(self._right_of(played_inputs(self.chip.core, self.x[0])))]

    def _packed(self, x: NDArray[Any]) -> list[bytes]:
        return [row.tobytes() for row in pack_inputs(x, self.reference.input_type)]

    def bench_answer(self) -> Mapping[str, object]:
        """See `ChipAnswers`."""
        return {"checksum": self.right_bench.checksum}

    def told_types(self) -> dict[str, object]:
        """See `ChipAnswers`."""
        types = types_of(self.chip.core)
        source = types.input
        return {"answer": types.answer, "input_type": source.type_name, "input_shape": source.shape}


def _line_clocks(core: CoreDescription, clock_hz: int, baud: int) -> int:
    """Clocks in which a vector and its answer go over the line."""
    size = vector_bytes(core) + core.output.layout.size
    return protocol.BITS_A_BYTE * size * clock_hz // baud + core.initiation_interval
