"""Units that move, add and reduce: every value as the integer graph says, every beat in the clock of its tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hls.units import add, concat, fork, reduce, repeat, select, transpose
from hls.units.unit import Unit
from tests.sim.hls.units.bench import Case, check
from tests.sim.hls.units.cases import checked, codes_of, random_values, stream_of
from toolchain.graph.ops import Add, Concat, Op, Reduce, Repeat, Select, Transpose, Window
from toolchain.graph.types import TensorType

RNG = np.random.default_rng(12)
INT8 = TensorType((3, 4, 6), -128, 127)
WIDE = TensorType((3, 4, 6), -(2**38), 2**38 + 5, 1)
COARSE = TensorType((3, 4, 6), -5 * 3**7, 2 * 3**7, 3**7)
SHIFTED = TensorType((3, 4, 6), np.arange(6), np.arange(6) + 8, 4)


def forks() -> list[Case]:
    codes = codes_of(random_values(RNG, INT8), INT8.element)
    return [Case(fork.build(f"to{n}", stream_of(INT8, n), n), [codes], [codes] * n) for n in (2, 3)]


def adds(name: str, factors: tuple[int, ...], tensors: list[TensorType], lanes: int, multiplier: str | None) -> Case:
    def unit(streams: list, element: object) -> Unit:
        return add.build(name, streams, factors, element, multiplier)

    return checked(unit, Add(factors), tensors, lanes, RNG)


def test_sums(tmp_path: Path) -> None:
    check(
        tmp_path,
        adds("plain", (1, 1), [INT8, INT8], 2, None),
        adds("unlike", (1, 2**19), [WIDE, INT8], 1, None),
        adds("many", (3, -7, 1), [INT8, COARSE, WIDE], 3, "lut"),
        adds("multiplied", (-12345, 77777), [INT8, COARSE], 2, "dsp"),
        adds("big", (1234567, -1), [WIDE, SHIFTED], 1, "dsp"),
        adds("digits", (1234567, -1), [WIDE, SHIFTED], 1, "lut"),
        adds("alone", (-3,), [SHIFTED], 1, None),
        adds("least", (1,), [INT8], 1, None),
        adds("subtracted", (-1, -5), [INT8, INT8], 2, None),
        counted_in_twelves(),
    )


def counted_in_twelves() -> Case:
    """Channels that count in 12, of a tensor in which one counts from another number and all therefore in 1."""
    three = TensorType((5, 3), [0, 12, 24], [36, 36, 48], 12)
    one = TensorType((5, 3), [0, 12, 25], [36, 36, 49], 12)
    stream = stream_of(one, 1)
    unit = add.as_element("twelves", stream, three.element)
    assert unit is not None and add.as_element("same", stream, one.element) is None
    values = random_values(RNG, three)
    return Case(unit, [codes_of(values, one.element)], [codes_of(values, three.element)])


def windows(name: str, kind: str, tensor: TensorType, lanes: int, taps: int) -> Case:
    """A reduction of `taps` rows of a tensor, played channels first."""
    op = Reduce(kind, taps)
    unit = reduce.build(name, stream_of(tensor, lanes), op)
    values = random_values(RNG, tensor)
    channels = tensor.channels // taps
    played = values.reshape(len(values), -1, taps, channels // lanes, lanes).swapaxes(2, 3)
    return Case(unit, [codes_of(played, tensor.element)], [codes_of(op.run(values), unit.outputs[0].element)])


def whole(name: str, kind: str, tensor: TensorType, lanes: int, block: bool | None) -> Case:
    """A reduction over all positions."""
    positions = tensor.size // tensor.channels
    window = Window(tensor.shape[:-1], (1, 1), (0, 0), (0, 0), (1, 1))
    assert reduce.is_global(window, tensor)
    unit = reduce.build(name, stream_of(tensor, lanes), Reduce(kind, positions), tensor.channels // lanes, block)
    values = random_values(RNG, tensor)
    out = Reduce(kind, positions).run(window.run(values))
    return Case(unit, [codes_of(values, tensor.element)], [codes_of(out, unit.outputs[0].element)])


def test_reductions(tmp_path: Path) -> None:
    rows = TensorType((5, 9 * 4), -7, 8)
    wide = TensorType((5, 9 * 4), -(2**38), 2**38)
    check(
        tmp_path,
        windows("greatest", "max", rows, 2, 9),
        windows("sum", "sum", rows, 4, 9),
        windows("wide_greatest", "max", wide, 1, 9),
        windows("wide_sum", "sum", wide, 1, 4),
        windows("one_tap", "max", rows, 1, 1),
        whole("all_sum", "sum", INT8, 1, False),
        whole("all_greatest", "max", INT8, 3, None),
        whole("all_at_once", "sum", INT8, 6, None),
        whole("all_block", "sum", INT8, 2, True),
        whole("all_wide", "max", WIDE, 1, True),
        whole("one_position", "sum", TensorType((1, 1, 6), 0, 3), 1, False),
    )


def moves(name: str, op: Op, tensors: list[TensorType], lanes: int) -> Case:
    (first, *_) = tensors

    def unit(streams: list, element: object) -> Unit:
        if isinstance(op, Concat):
            return concat.build(name, streams, [t.channels for t in tensors], element)
        if isinstance(op, Select):
            return select.build(name, streams[0], op.channels, first.channels, element)
        if isinstance(op, Repeat):
            return repeat.build(name, streams[0], first.shape, op.by)
        return transpose.build(name, streams[0], first.shape, op.order)

    return checked(unit, op, tensors, lanes, RNG)


def test_moves(tmp_path: Path) -> None:
    few, narrow = TensorType((3, 4, 2), -128, 0), TensorType((3, 4, 4), -128, -120)
    rising = TensorType((3, 4, 6), 0, [1, 3, 7, 200, 5, 1])
    line = TensorType((5, 3), -1, 1, 2)
    check(
        tmp_path,
        *forks(),
        moves("join_two", Concat(), [INT8, few], 2),
        moves("join_three", Concat(), [narrow, INT8, few], 1),
        moves("join_one_beat", Concat(), [few, narrow], 2),
        moves("join_both_of_one_beat", Concat(), [few, few], 2),
        moves("part", Select((2, 3, 4)), [INT8], 1),
        moves("scattered", Select((0, 1, 4, 5)), [INT8], 2),
        moves("narrower", Select((1, 2, 4)), [rising], 1),
        moves("shuffled", Select((5, 0, 4, 1, 1)), [rising], 1),
        moves("pairs", Select((4, 5, 0, 1)), [WIDE], 2),
        moves("all_of_one_beat", Select((0, 1, 2, 3, 4, 5)), [INT8], 6),
        moves("twice", Repeat((2, 2)), [INT8], 2),
        moves("unlike_axes", Repeat((3, 1)), [INT8], 1),
        moves("across", Repeat((1, 3)), [INT8], 3),
        moves("line", Repeat((4,)), [line], 1),
        moves("one_beat", Repeat((2,)), [line], 3),
        moves("channels_first", Transpose((2, 0, 1)), [INT8], 1),
        moves("rows_and_columns", Transpose((1, 0, 2)), [WIDE], 3),
        moves("four_axes", Transpose((3, 1, 0, 2)), [TensorType((2, 3, 2, 4), 0, 5)], 1),
    )
