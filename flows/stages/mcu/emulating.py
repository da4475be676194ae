"""A program on an emulated processor, asked over the host link and held against the integer graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.stages import files
from flows.stages.context import Context
from flows.stages.mcu.program import board_of, reference, types_of
from hls.pack import pack_inputs
from toolchain.board import McuBoard
from toolchain.device.link.answers import Values
from toolchain.device.link.board import bench_answer, wrong_answers
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.link.serial_port import open_serial
from toolchain.device.packed import PackedIdentity
from toolchain.errors import VerificationError
from toolchain.microcontroller.cores import CORES
from toolchain.microcontroller.emulator import PATIENCE, emulated
from toolchain.microcontroller.sizes import stack_of
from toolchain.results.check import Check
from toolchain.runtime.package_golden import choose_vectors

LEAST = 32
"""Vectors that a program is asked at least; more as long as they take no more than a minute or two, to all."""

# Of a bench. A computer emulates some hundred million instructions a second; asking takes as long as some of them.
# Counted so, and not by a clock, the number of vectors is the same on every computer.
_BENCH, _MOST_INSTRUCTIONS, _ASKING = 10, 6_000_000_000, 2_000_000


@dataclass(frozen=True)
class Answered:
    """What came of it.

    Attributes:
        instructions: of an inference, the mean of a bench of `inferences`.
        stack: bytes of it in use at the deepest.
    """

    checks: Mapping[str, Check]
    instructions: float
    inferences: int
    stack: int


def ask_all(context: Context, elf: Path, packed: PackedIdentity) -> Answered:
    """Ask a program for its identity, all vectors or as many as fit the time, and a bench.

    Args:
        packed: what it must say that it is.

    Raises:
        VerificationError: another answer than the integer graph's; names the first vector.
    """
    board, known, kind = board_of(context), reference(context), files.vector_kind(context)
    x = files.golden_inputs(context)
    rows = choose_vectors(len(x), context.request.vectors or len(x))
    vectors = [row.tobytes() for row in pack_inputs(x[rows], known.input_type)]
    layout = types_of(known).answer
    with emulated(elf, board) as running, opened(running.port, board, packed) as device:
        count = _affordable(device, vectors) if context.request.vectors is None else len(vectors)
        chosen = choose_vectors(len(vectors), count)
        context.progress(f"{count:,} of {len(x):,} vectors through the emulated UART")
        answers = device.infer_many([vectors[i] for i in chosen])
        right = [tuple(map(int, row)) for row in known.run(x[rows[chosen]])]
        _must_be_equal(answers, right)
        device.play(vectors[chosen[-1]])
        bench = device.bench(_BENCH, 600.0)
        stack = running.stack_used(stack_of(elf, CORES[board.chip.core].prefix))
        expected = bench_answer(layout, [right[-1]], _BENCH)
    if (bench.values, bench.checksum) != expected:
        raise VerificationError(f"bench: {bench.values}, checksum {bench.checksum:08x}; expected {expected}")
    checks = {
        "emulated": Check(count, count, "labels" if layout.classes else "outputs", kind),
        "bench": Check(1, 1, "replies", ""),
        "identify": Check(1, 1, "replies", ""),
    }
    return Answered(checks, (bench.cycles or 0) / _BENCH, _BENCH, stack)


def opened(port: str, board: McuBoard, packed: PackedIdentity) -> SerialBoard:
    """The driver at an emulated program, which must be the right one."""
    return open_serial(port, board.host_link.baud, packed, PATIENCE)


def _affordable(device: SerialBoard, vectors: list[bytes]) -> int:
    """How many vectors are few enough instructions."""
    each = device.infer(vectors[0]).cycles or 0
    return min(len(vectors), max(LEAST, _MOST_INSTRUCTIONS // (each + _ASKING)))


def _must_be_equal(answers: list[Values], right: list[Values]) -> None:
    if wrong := wrong_answers(answers, right):
        first = wrong[0]
        raise VerificationError(
            f"{len(wrong):,} of {len(answers):,} answers of the emulated program differ; the first: vector "
            f"{first.vector}, element {first.element}: {first.got}, expected {first.expected}"
        )
