"""How windows are read, without Verilog: which words are needed, freed and written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hls.units import window as windows
from hls.units.tokens import Hold
from toolchain.errors import ModelError
from toolchain.graph.ops import Window, window
from toolchain.graph.types import IntType, TensorType


@st.composite
def walks(draw: st.DrawFn) -> windows.Walk:
    small = st.tuples(st.integers(1, 3), st.integers(1, 3))
    around = st.tuples(st.integers(0, 2), st.integers(0, 2))
    op = Window(draw(small), draw(small), draw(around), draw(around), draw(small))
    rows, columns = ((k - 1) * d + draw(st.integers(1, 4)) for k, d in zip(op.kernel, op.dilation, strict=True))
    lanes, groups, beats, repeats = (draw(st.integers(1, 3)) for _ in range(4))
    return windows.walk(TensorType((rows, columns, lanes * groups * beats), 0, 9), op, lanes, groups, repeats)


@given(walks())
def test_words_are_those_of_the_window(walk: windows.Walk) -> None:
    tokens = windows.tokens(walk)
    (held,) = tokens.inputs
    assert isinstance(held, Hold)
    words = np.zeros(len(held.takes), np.int64)
    words[held.takes] = 1 + np.arange(held.takes.sum())
    tensor = 1 + np.arange(held.takes.sum()).reshape(1, *walk.size, -1)
    taken = walk.window.run(tensor).reshape(-1, 1, walk.window.taps, walk.groups, walk.beats)
    wanted = np.moveaxis(taken, 3, 1).repeat(walk.repeats, axis=2).reshape(-1)
    assert (words[held.needs - 1] == wanted).all()
    assert (np.diff(held.frees) >= 0).all() and held.frees[-1] == walk.words
    # No word is read that was freed before, and none needs more than the memory holds.
    freed = np.append(0, held.frees[:-1])
    assert (held.needs > freed).all() and (held.needs - freed <= held.capacity).all()


def test_a_length_is_one_row() -> None:
    walk = windows.walk(TensorType((9, 4), 0, 3), window((3,), before=(1,)), 2)
    assert walk.size == (1, 9) and walk.padded == (1, 11) and walk.words == 22


def test_writing_more_than_is_read_takes_its_time() -> None:
    walk = windows.walk(TensorType((8, 8, 2), 0, 3), window((1, 1), stride=(2, 2)), 1)
    unit = windows.build("w", walk, IntType(0, 3), IntType(0, 3))
    assert walk.operations == 32 and unit.cycles == unit.tokens().cycles == 128


def test_lanes_lie_within_a_group() -> None:
    with pytest.raises(ModelError, match="4 lanes do not divide 6 channels in 1 groups"):
        windows.walk(TensorType((2, 2, 6), 0, 3), window((1, 1)), 4)


def test_one_port_takes_a_clock_for_each_word_written_and_each_read() -> None:
    walk = windows.walk(TensorType((12, 12, 4), 0, 15), window((3, 3), before=(1, 1)), 1)
    unit = windows.build("w", walk, IntType(0, 15), IntType(0, 15))
    assert unit.in_one_port is not None
    other = unit.in_one_port()
    assert other.cycles == other.tokens().cycles == walk.operations + walk.words > unit.cycles
    assert (other.needs.blocks, other.needs.one_port) == ((), unit.needs.blocks)
    assert (other.name, other.inputs, other.outputs) == (unit.name, unit.inputs, unit.outputs)


def test_a_small_memory_needs_no_large_ram() -> None:
    walk = windows.walk(TensorType((4, 4, 1), 0, 1), window((2, 2)), 1)
    assert windows.build("w", walk, IntType(0, 1), IntType(0, 1)).in_one_port is None
