"""The test bench of units finds a wrong code and a beat in another clock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hls.units import width
from hls.units.stream import Stream
from hls.units.tokens import Tokens
from hls.units.unit import Unit
from tests.sim.hls.units.bench import Case, check
from toolchain.graph.types import IntType

STREAM = Stream(IntType(0, 7), 2, 6)
CODES = np.random.default_rng(0).integers(0, 8, (4, 12))
UNIT = width.build("up", STREAM, 4)


def changed(**tokens: object) -> Unit:
    """The unit with other tokens than its module keeps to."""
    told: Tokens = replace(UNIT.tokens(), **tokens)  # type: ignore[arg-type]
    return replace(UNIT, tokens=lambda: told)


def test_faults_are_named(tmp_path: Path) -> None:
    wrong = CODES.copy()
    wrong[2, 5] ^= 1
    early = np.roll(UNIT.tokens().yields, -1)
    faults = {
        r"up \(seed 0\): codes of output 0: number 29 is": (UNIT, wrong),
        r"up \(seed 0\): clocks of beats pushed to output 0: number 0 is": (changed(latency=2), CODES),
        r"up \(seed \d\): clocks of beats pushed to output 0: number \d+ is": (changed(yields=early), CODES),
    }
    check(tmp_path, Case(UNIT, [CODES], [CODES], depth=3))
    for message, (unit, codes) in faults.items():
        with pytest.raises(AssertionError, match=message):
            check(tmp_path, Case(unit, [CODES], [codes], depth=3))
