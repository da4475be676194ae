"""table_lookup.v and label.v: every result and every clock."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hls.units import label, table
from hls.units.stream import Stream
from tests.sim.hls.units import bench
from toolchain.graph.ops import ArgMax, Table
from toolchain.graph.types import TensorType


def _table(name: str, channels: int, lanes: int, *, own: bool, step: int = 1, rom: str = "logic") -> bench.Case:
    random = np.random.default_rng(channels)
    x = TensorType((channels,), random.integers(-9, -5, channels) if step == 1 else -9, 11, step)
    op = Table(random.integers(-500, 500, (channels if own else 1, 24)) * 3, -10)
    out = op.result(x)
    element, result = x.element, out.element
    values = x.low + step * random.integers(0, (x.high - x.low) // step + 1, (60, channels))
    streams = Stream(element, lanes, 3 * channels // lanes), Stream(result, lanes, 3 * channels // lanes, name)
    given = (values - element.low) // element.step
    wanted = (op.run(values) - result.low) // result.step
    return bench.Case(table.build(name, *streams, op, rom), [given.reshape(20, -1)], [wanted.reshape(20, -1)])


def test_tables_give_every_code_in_its_clock(tmp_path: Path) -> None:
    bench.check(
        tmp_path,
        _table("shared", 4, 2, own=False),
        _table("own", 6, 3, own=True),
        _table("own_in_turn", 3, 1, own=True, rom="block"),
        _table("coarse", 4, 4, own=False, step=4),
    )


def _label(name: str, classes: int, positions: int, bits: int) -> bench.Case:
    random = np.random.default_rng(classes)
    x = TensorType((positions, classes), 0, 2**bits - 1)
    codes = random.integers(0, 2**bits, (30, positions, classes))
    out = ArgMax().result(x)
    streams = Stream(x.element, 1, positions * classes), Stream(out.element, 1, positions, name)
    return bench.Case(
        label.build(name, *streams), [codes.reshape(30, -1)], [ArgMax().run(codes).reshape(30, -1).astype(np.int64)]
    )


def test_labels_are_the_first_of_the_greatest(tmp_path: Path) -> None:
    bench.check(
        tmp_path,
        _label("few", 3, 1, 2),
        _label("wide", 10, 1, 40),
        _label("places", 5, 4, 3),
        _label("sole", 1, 4, 3),
    )
