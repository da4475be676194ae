"""Lanes made more and fewer: every element, in order, in the clock that the unit's tokens say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hls.units import width
from hls.units.stream import Stream
from tests.sim.hls.units.bench import Case, check
from toolchain.graph.types import IntType


def case(bits: int, lanes: int, to: int, beats: int) -> Case:
    stream = Stream(IntType(-3, 2**bits - 4), lanes, beats)
    codes = np.random.default_rng(bits).integers(0, 1 << bits, (5, stream.elements))
    return Case(width.build(f"from{lanes}_to{to}", stream, to), [codes], [codes])


def test_up_and_down(tmp_path: Path) -> None:
    check(tmp_path, case(3, 2, 6, 9), case(40, 4, 1, 7), case(1, 8, 4, 5), case(5, 1, 2, 2), case(17, 1, 10, 20))
