"""Windows in Verilog: every word of every window, in the clock that the unit's tokens say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.units import window as windows
from tests.sim.hls.units.bench import Case, check
from toolchain.graph.ops import Window, window
from toolchain.graph.types import TensorType


def case(
    name: str,
    shape: tuple[int, ...],
    op: Window | None,
    lanes: int,
    groups: int = 1,
    repeats: int = 1,
    ends: tuple[int, int, int] = (0, 6, 1),
    one_port: bool = False,
) -> Case:
    x = TensorType(shape, *ends)
    element = op.result(x).element if op else x.element
    walk = windows.walk(x, op, lanes, groups, repeats)
    count = (x.high[0] - x.low[0]) // x.step + 1
    values = x.low[0] + x.step * np.random.default_rng(1).integers(0, count, (3, *shape))
    codes = (values - x.element.low) // x.element.step
    unit = windows.build(name, walk, x.element, element, one_port=one_port)
    return Case(unit, [codes.reshape(3, -1)], [(in_order(values, walk) - element.low) // element.step])


def in_order(values: NDArray[np.int64], walk: windows.Walk) -> NDArray[np.int64]:
    """The windows with their channels in groups, each again and again, shape (inferences, elements)."""
    taken = walk.window.run(values.reshape(len(values), *walk.size, -1))
    apart = taken.reshape(len(values), -1, 1, walk.window.taps, walk.groups, walk.beats * walk.lanes)
    return np.moveaxis(apart, 4, 2).repeat(walk.repeats, axis=3).reshape(len(values), -1)


def test_two_axes(tmp_path: Path) -> None:
    check(
        tmp_path,
        case("plain", (5, 6, 4), window((3, 3), before=(1, 1), fill=2), 2, repeats=2),
        case("strided", (7, 6, 2), window((3, 2), stride=(2, 3), before=(0, 1), after=(1, 1)), 1),
        case("dilated", (7, 8, 3), window((2, 3), dilation=(3, 2), before=(2, 0)), 3, repeats=3),
        case("grouped", (4, 5, 8), window((2, 2), stride=(2, 1)), 2, groups=2, repeats=2),
        case("depthwise", (5, 5, 6), window((3, 3), before=(1, 1)), 2, groups=3),
        case("sparse", (6, 7, 2), window((1, 1), stride=(3, 3)), 2),
    )


def test_other_shapes(tmp_path: Path) -> None:
    check(
        tmp_path,
        case("length", (9, 4), window((4,), stride=(2,), before=(2,), after=(1,)), 4),
        case("pad", (3, 4, 2), window((1, 1), before=(1, 2), after=(0, 1), fill=-3), 1),
        case("again", (6,), None, 3, repeats=4),
        case("single", (4, 4, 1), window((4, 4)), 1),
        case("rows", (2, 3, 5), None, 5, repeats=2),
        case("coded", (4, 3, 2), window((2, 2), before=(1, 1), fill=0), 2, ends=(-1, 1, 2)),
    )


def test_a_memory_of_one_port_is_written_or_read_in_a_clock(tmp_path: Path) -> None:
    check(
        tmp_path,
        case("plain", (5, 6, 4), window((3, 3), before=(1, 1), fill=2), 2, repeats=2, one_port=True),
        case("strided", (7, 6, 2), window((3, 2), stride=(2, 3), before=(0, 1), after=(1, 1)), 1, one_port=True),
        case("depthwise", (5, 5, 6), window((3, 3), before=(1, 1)), 2, groups=3, one_port=True),
        case("again", (6,), None, 3, repeats=4, one_port=True),
        case("sparse", (6, 7, 2), window((1, 1), stride=(3, 3)), 2, one_port=True),
    )
