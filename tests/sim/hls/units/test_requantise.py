"""requantise.v: every result and every clock, for all ways to build it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from hls.units.lines import Lines
from hls.units.thresholding import Choice, Pieces
from tests.sim.hls.units import bench
from tests.sim.hls.units.threshold_nodes import Case, rounded, rounded_twice
from toolchain.graph.ops import Threshold
from toolchain.graph.types import TensorType


def _way(lanes: int, steps: int, multiplier: Literal["dsp", "lut"], rom: Literal["block", "logic"] = "logic") -> Choice:
    return Choice("requantise", lanes, steps, multiplier, rom)


def _form(case: Case) -> Lines:
    found = case.node.lines
    assert found is not None
    return found


def test_each_way_to_build_it_gives_every_code_in_its_clock(tmp_path: Path) -> None:
    wide = rounded(4, 2**20, 255, seed=1)
    bent = rounded_twice(4, 60_000, 7)
    assert len(_form(bent).offset) == 2
    halves = rounded(4, 2**12, 255, even=True)
    assert _form(halves).round
    bench.check(
        tmp_path,
        wide.bench("one_clock", _way(2, 1, "dsp")),
        wide.bench("two_clocks", _way(1, 2, "dsp", "block")),
        wide.bench("one_clock_block", _way(2, 1, "lut", "block")),
        wide.bench("digits_block", _way(1, 5, "lut", "block")),
        bent.bench("signs_block", _way(2, 3, "lut", "block")),
        halves.bench("halves_block", _way(1, 2, "dsp", "block")),
        wide.bench("small_pieces", _way(1, 1, "dsp"), Pieces(8, 7)),
        wide.bench("adders", _way(4, 1, "lut")),
        wide.bench("digits", _way(1, 5, "lut")),
        wide.bench("bits", _way(2, _form(wide).multiplier_bits, "lut")),
        rounded(4, 3000, 20, step=-3, least=7, seed=2).bench("falling", _way(2, 3, "lut")),
        bent.bench("signs", _way(2, 2, "dsp")),
        bent.bench("signs_one_clock", _way(4, 1, "dsp")),
        halves.bench("halves_to_even", _way(2, 1, "lut")),
    )


def test_codes_of_40_bits_halves_and_results_that_never_change(tmp_path: Path) -> None:
    far = TensorType((2,), -(2**39), 2**39 - 1)
    broad = rounded(2, 2**28, 255, seed=4)
    broad = Case(Threshold(broad.op.table), far)
    assert broad.x.element.bits == 40
    halves = rounded(4, 2**12, 255, even=True, step=-1)
    fixed = Case(Threshold(np.full((1, 3), -50)), TensorType((4,), -50, 50))
    shared = Case(Threshold(np.arange(-100, 101, 10)[None], -1, 4), TensorType((4,), -120, 90, 3))
    bench.check(
        tmp_path,
        broad.bench("broad", _way(1, 1, "dsp")),
        broad.bench("broad_steps", _way(2, 4, "lut")),
        halves.bench("odd", _way(2, 1, "lut")),
        fixed.bench("fixed", _way(2, 1, "lut")),
        shared.bench("shared", _way(2, 2, "lut")),
    )


@pytest.mark.parametrize(("parameter", "change"), [("SHIFT", 1), ("SPLIT", 60_000), ("TOP", -1)])
def test_a_broken_copy_is_seen(tmp_path: Path, parameter: str, change: int) -> None:
    good = rounded_twice(2, 60_000, 7).bench("broken", _way(2, 2, "dsp"))
    settings = dict(good.unit.parameters)
    settings[parameter] = int(settings[parameter]) + change
    broken = bench.Case(replace(good.unit, parameters=settings), good.inputs, good.outputs)
    with pytest.raises(AssertionError, match="codes of output"):
        bench.check(tmp_path, broken, seeds=[0])
