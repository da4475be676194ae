"""A board with a serial port answers as every stage of the build did, before anything is measured."""

from __future__ import annotations

import time
from collections.abc import Sequence

from toolchain.device.link.answers import Values
from toolchain.device.link.board import Board, wrong_answers
from toolchain.device.link.golden import Golden
from toolchain.device.link.stages import decided
from toolchain.errors import VerificationError
from toolchain.results.measurement import Proven, ProvenDecisions

_BLOCK = 64


def proven(board: Board, golden: Golden, seconds: float, stages: Sequence[int] = ()) -> Proven:
    """Hold a board's answers to the first golden vectors against the right ones.

    Args:
        seconds: after which no further vectors are sent; some are in any case.
        stages: numbers of the stages that may answer, of a network that decides.

    Raises:
        ToolError: the board stopped answering.
        VerificationError: an answer differs; names the first.
    """
    answers = _answers(board, golden, seconds)
    right = golden.answers(len(answers))
    for wrong in (differing := wrong_answers(answers, right))[:1]:
        raise VerificationError(
            f"nothing is measured: {len(differing):,} of {len(answers):,} answers differ; the first: vector "
            f"{wrong.vector}, element {wrong.element}: {wrong.got}, expected {wrong.expected}"
        )
    if not stages:
        return Proven(compared=len(answers))
    found = decided(answers, right, stages)
    return Proven(compared=len(answers), decisions=ProvenDecisions(answered=tuple(found.answered), equal=found.equal))


def _answers(board: Board, golden: Golden, seconds: float) -> list[Values]:
    answers: list[Values] = []
    started = time.monotonic()
    for at in range(0, golden.count, _BLOCK):
        answers += board.infer_many([golden.vector(index) for index in range(at, min(at + _BLOCK, golden.count))])
        if time.monotonic() - started >= seconds:
            break
    return answers
