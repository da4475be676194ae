"""softmax.v: the results of TFLite's kernel, bit for bit, each in its clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hls.units import softmax
from hls.units.stream import Stream
from tests.sim.hls.units import bench
from toolchain.graph.ops import Softmax
from toolchain.graph.types import TensorType


def _case(name: str, classes: int, scale: float, positions: int = 1, step: int = 1, rom: str = "logic") -> bench.Case:
    random = np.random.default_rng(classes)
    x, op = TensorType((positions, classes), -128, 127, step), Softmax(scale)
    out = op.result(x)
    count = (127 + 128) // step
    size = (40, positions, classes)
    codes = random.integers(0, count + 1, size)
    # Few classes near the greatest, all alike, and one far above.
    codes[:15] = count - random.integers(0, 4, (15, positions, classes))
    codes[15:20] = count
    codes[20:30] = np.where(np.arange(classes) == random.integers(0, classes, (10, 1, 1)), count, 0)
    wanted = op.run(x.low.min() + step * codes) + 128
    streams = Stream(x.element, 1, positions * classes), Stream(out.element, 1, positions * classes, name)
    unit = softmax.build(name, *streams, op, classes, rom)
    return bench.Case(unit, [codes.reshape(40, -1)], [wanted.reshape(40, -1)])


def test_softmax_gives_every_code_in_its_clock(tmp_path: Path) -> None:
    bench.check(
        tmp_path,
        _case("ten", 10, 0.17, rom="block"),
        _case("twelve", 12, 0.08, positions=2),
        _case("steep", 3, 4.0),
        _case("flat", 5, 1e-4),
        _case("coarse", 4, 0.05, step=5),
        _case("sole", 1, 0.1),
        _case("many", 67, 0.02),
        seeds=[0, 1],
    )
