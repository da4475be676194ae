"""Units that move, add and reduce: what they say of themselves agrees, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hls.units import add, concat, fork, gather, reduce, repeat, select, transpose, width
from hls.units.gather import Loop, Reader
from hls.units.stream import Stream
from hls.units.tokens import Hold, Take
from hls.units.unit import Unit
from toolchain.errors import ModelError
from toolchain.graph.ops import Reduce
from toolchain.graph.types import IntType

BYTE = IntType(0, 255)
STREAM = Stream(BYTE, 2, 24)

UNITS = [
    width.build("up", STREAM, 6),
    width.build("down", STREAM, 1),
    fork.build("fork", STREAM, 3),
    add.build("sum", [STREAM, STREAM], [1, -3], IntType(-765, 255)),
    reduce.build("window", STREAM, Reduce("sum", 4)),
    reduce.build("whole", STREAM, Reduce("max", 4), 6, True),
    concat.build("concat", [STREAM, STREAM], [4, 4], BYTE),
    select.build("part", STREAM, (2, 3), 4, BYTE),
    select.build("order", STREAM, (2, 3, 0, 1), 4, BYTE),
    repeat.build("rows", STREAM, (3, 4, 4), (2, 3)),
    transpose.build("axes", STREAM, (3, 4, 4), (1, 0, 2)),
]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_beats_and_clocks_agree_with_tokens(unit: Unit) -> None:
    tokens = unit.tokens()
    taken = [each.at if isinstance(each, Take) else each.takes for each in tokens.inputs]
    assert [int(flags.sum()) for flags in taken] == [stream.beats for stream in unit.inputs]
    assert {int(tokens.yields.sum())} == {stream.beats for stream in unit.outputs}
    assert unit.cycles == max(tokens.operations, *(len(flags) for flags in taken))
    assert unit.needs.ff > 0 or unit.module == "fork_beats"


def test_a_blocks_beats_are_freed_with_its_last_read() -> None:
    unit = gather.build("twice", Stream(BYTE, 1, 6), 3, Reader((Loop(3, 1), Loop(2, 0))))
    (hold,) = unit.tokens().inputs
    assert isinstance(hold, Hold)
    assert hold.capacity == 6
    assert hold.needs.tolist() == [3] * 6 + [6] * 6
    assert hold.frees.tolist() == [0] * 5 + [3] * 6 + [6]


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4).flatmap(
        lambda s: st.tuples(st.just(s), st.permutations(range(len(s))))
    )
)
def test_a_reader_walks_as_numpy_transposes(drawn: tuple[list[int], list[int]]) -> None:
    shape, order = drawn
    size = int(np.prod(shape))
    unit = transpose.build("t", Stream(BYTE, 1, size), shape, order)
    expected = np.arange(size).reshape(shape).transpose(order).reshape(-1)
    sizes, jumps = unit.parameters["SIZES"], unit.parameters["JUMPS"]
    assert isinstance(sizes, int) and isinstance(jumps, int)
    loops = [(sizes >> 24 * i & 0xFFFFFF, jumps >> 24 * i & 0xFFFFFF) for i in range(int(unit.parameters["LOOPS"]))]
    assert walked(loops, max(1, (size - 1).bit_length())) == expected.tolist()


def walked(loops: list[tuple[int, int]], bits: int) -> list[int]:
    """Addresses as the module makes them: the jump of the innermost loop that goes on is added."""
    counts, address, addresses = [0] * len(loops), 0, []
    while True:
        addresses.append(address)
        going = next((i for i, (size, _) in enumerate(loops) if counts[i] < size - 1), None)
        if going is None:
            return addresses
        counts = [0] * going + [counts[going] + 1] + counts[going + 1 :]
        address = (address + loops[going][1]) % (1 << bits)


@given(st.integers(-(2**30), 2**30).filter(bool), st.integers(1, 40))
def test_terms_of_a_factor_sum_up_to_it(factor: int, bits: int) -> None:
    """By adders and by multipliers alike."""
    ends = sorted((0, factor * (2**bits - 1)))
    for multiplier in ("lut", "dsp"):
        if (ends[1] - ends[0]).bit_length() <= 62:
            unit = add.build("a", [Stream(IntType(0, 2**bits - 1), 1, 1)], [factor], IntType(*ends), multiplier)
            for code in (0, 1, 2**bits - 1, 2**bits // 3):
                assert evaluated(unit, code) == factor * code - ends[0]


@pytest.mark.parametrize("value", [0, -4, 6])
def test_a_constant_is_added(value: int) -> None:
    constant, twice = Stream(IntType(value, value), 1, 1), 2 * value
    assert evaluated(add.build("a", [constant], [2], IntType(twice, twice)), 0) == 0
    both = add.build("b", [Stream(BYTE, 1, 1), constant], [1, 2], IntType(twice, twice + 255))
    assert evaluated(both, 77, 0) == 77


def evaluated(unit: Unit, *codes: int) -> int:
    """The result's code as the module makes it of its parameters and a code of each input."""
    values = {key: int(value) for key, value in unit.parameters.items()}
    total = values["START"]
    for i in range(values["TERMS"]):
        word = values["TERM"] >> 64 * i
        bits, source, low, shift = (word >> at & 255 for at in (0, 8, 16, 24))
        product = (codes[source] >> low & ((1 << bits) - 1)) * (word >> 32 & 0x3FFFF) << shift
        total += -product if word >> 63 & 1 else product
    return total % (1 << values["SUM_BITS"]) >> values["SHIFT"]


def test_a_sum_is_read_with_the_graphs_width() -> None:
    narrow = IntType(0, 900)
    assert reduce.build("r", STREAM, Reduce("sum", 4), element=narrow).outputs[0].element == narrow
    other = IntType(1, 900)
    assert reduce.build("r", STREAM, Reduce("sum", 4), element=other).outputs[0].element == IntType(0, 1020)


def test_lanes_that_whole_beats_allow() -> None:
    assert select.options((4, 5, 0, 1), 6) == (1, 2)
    assert select.options((1, 2), 6) == (1,)
    assert transpose.options((2, 6), (1, 0)) == (1,)
    assert transpose.options((2, 2, 6), (1, 0, 2)) == (1, 2, 3, 6)


@pytest.mark.parametrize(
    ("message", "build"),
    [
        (r"u: 2 lanes of 48 elements cannot become 3", lambda: width.build("u", STREAM, 3)),
        (r"u: a stream forks into 1", lambda: fork.build("u", STREAM, 1)),
        (
            r"u: adds 24 beats of 2, 12 beats of 4",
            lambda: add.build("u", [STREAM, Stream(BYTE, 4, 12)], [1, 1], IntType(0, 510)),
        ),
        (r"u: 24 beats are not rounds of 5 taps", lambda: reduce.build("u", STREAM, Reduce("max", 5))),
        (r"u: 2 beats are too few for block RAM", lambda: reduce.build("u", STREAM, Reduce("max", 2), 2, True)),
        (
            r"u: inputs count as .*low=0.*low=1.*, the result as",
            lambda: concat.build("u", [STREAM, Stream(IntType(1, 5), 2, 24)], [4, 4], BYTE),
        ),
        (r"u: lanes \[2, 1\]", lambda: concat.build("u", [STREAM, Stream(BYTE, 1, 48)], [4, 4], BYTE)),
        (r"u: 2 lanes; channels are selected in beats of \(1,\)", lambda: select.build("u", STREAM, (1, 2), 4, BYTE)),
        (r"u: repeats \(2,\) over \(3, 4, 4\)", lambda: repeat.build("u", STREAM, (3, 4, 4), (2,))),
        (r"u: 24 beats of 2 of \(6, 8\) to axes \(1, 0\)", lambda: transpose.build("u", STREAM, (6, 8), (1, 0))),
        (r"u: 24 beats are not blocks of 5", lambda: gather.build("u", STREAM, 5, Reader((Loop(5, 1),)))),
    ],
)
def test_refusals(message: str, build: object) -> None:
    with pytest.raises(ModelError, match=message):
        build()  # type: ignore[operator]
