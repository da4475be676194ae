"""Thresholds on codes, and their form as one multiplication, against the node on every value that can come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hls.units import thresholds
from hls.units.thresholding import Choice, Pieces, Thresholding
from hls.units.unit import Unit
from toolchain.errors import ModelError
from toolchain.graph.fixed_point import multiply
from toolchain.graph.ops import Threshold
from toolchain.graph.types import TensorType


def _node(seed: int, rows: int, channels: int = 3) -> Thresholding:
    """Near lines, or anywhere; steps of either sign; channels that never change, and some that never reach all."""
    random = np.random.default_rng(seed)
    levels, reach = int(random.integers(1, 20)), int(random.integers(4, 200))
    slopes = random.choice([0.04, 0.4, 1, 3.3, 9], (rows, 1))
    table = np.rint(np.arange(levels) * slopes + random.integers(-30, 30, (rows, 1))).astype(np.int64)
    if random.random() < 0.3:
        table = np.sort(table + random.integers(-3, 4, table.shape), axis=1)
    step = int(random.choice([-3, -1, 1, 2]))
    x = TensorType(
        (channels,),
        random.integers(-reach, 0, channels),
        random.integers(0, reach, channels),
        int(random.choice([1, 2])),
    )
    return Thresholding(Threshold(table, step, int(random.integers(-9, 9))), x)


def _values(node: Thresholding) -> list[np.ndarray]:
    return [np.arange(low, high + 1, node.x.step) for low, high in zip(node.x.low, node.x.high, strict=True)]


def _wanted(node: Thresholding, channel: int, values: np.ndarray) -> np.ndarray:
    """Codes of the results, by the node itself."""
    rows = np.broadcast_to(node.x.low, (len(values), node.x.channels)).copy()
    rows[:, channel] = values
    out = node.out.element
    codes: np.ndarray = (node.op.run(rows)[:, channel].astype(np.int64) - out.low) // out.step
    return codes


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1, 3]))
def test_results_of_codes_are_the_nodes_own(seed: int, rows: int) -> None:
    node = _node(seed, rows)
    of, form, element = node.rising, node.lines, node.x.element
    for channel, values in enumerate(_values(node)):
        codes = (values - element.low) // element.step
        entered = (1 << of.bits) - 1 - codes if of.inverted else codes
        row = channel if len(of.table) > 1 else 0
        wanted = _wanted(node, channel, values)
        assert np.array_equal(np.searchsorted(of.table[row], entered, side="right"), wanted)
        if form is not None:
            all_rows = np.broadcast_to(entered, (len(of.table), len(entered)))
            assert np.array_equal(form.results(all_rows, of.split, of.top)[row], wanted)


def test_rounding_halves_to_even_and_twice_have_a_form() -> None:
    x = TensorType((2,), -5000, 5000)
    values = np.arange(-5000, 5001)
    even = np.clip(np.rint(values / 32), -100, 100)
    twice = np.clip(multiply(values, 1_500_000_001, -6), -60, 60)
    for results, further in ((even, 64), (twice, 0)):
        low = int(results.min())
        table = np.searchsorted(results, np.arange(low + 1, int(results.max()) + 1)) - 5000
        for step in (1, -1):
            assert Thresholding(Threshold(np.stack([table, table + further]), step), x).lines is not None


def _played(unit: Unit, codes: np.ndarray) -> list[int]:
    """What `requantise.v` makes of the codes of one position, from its parameters and ROMs."""
    p = {name: value for name, value in unit.parameters.items() if isinstance(value, int)}
    multipliers, offsets = unit.roms
    found = []
    for place, code in enumerate(codes.tolist()):
        beat, lane = divmod(place, p["LANES"])
        entered = (1 << p["IN_BITS"]) - 1 - code if p["INVERT"] else code
        field = lane + p["LANES"] * (p["BENT"] and entered < p["SPLIT"])
        total = _field(offsets.words[beat % p["OFFSETS"]], field, p["OFFSET_BITS"], signed=True)
        exact = True
        for step in range(p["STEPS"]):
            exact &= not step or total % (1 << p["DIGIT"]) == 0
            word = multipliers.words[beat % p["MULTIPLIERS"] * p["STEPS"] + step]
            total = (total >> p["DIGIT"] if step else total) + entered * _field(word, lane, p["DIGIT"])
            assert -(1 << (p["ACC_BITS"] - 1)) <= total < 1 << (p["ACC_BITS"] - 1)
        rest = total >> p["SHIFT"]
        exact &= total == rest << p["SHIFT"]
        found.append(min(max(rest - (p["ROUND"] > 0 and exact and rest % 2 == p["ROUND"] % 2), 0), p["TOP"]))
    return found


def _field(word: int, place: int, bits: int, *, signed: bool = False) -> int:
    value = word >> place * bits & ((1 << bits) - 1)
    return value - (1 << bits) if signed and value >> (bits - 1) else value


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1, 4]))
def test_every_multiplication_plays_the_node(seed: int, rows: int) -> None:
    node, random = _node(seed, rows, channels=4), np.random.default_rng(seed)
    element, out = node.x.element, node.out.element
    values = np.stack([random.choice(reached, 12) for reached in _values(node)], axis=1)
    wanted = (node.op.run(values).astype(np.int64) - out.low) // out.step
    for choice in thresholds.options(node):
        if choice.kind == "requantise" and choice.rom == "logic":
            unit = thresholds.build("act", node, choice)
            for given_row, row in zip((values - element.low) // element.step, wanted, strict=True):
                assert _played(unit, given_row) == row.tolist(), choice


def test_thresholds_anywhere_have_no_multiplication() -> None:
    node = Thresholding(Threshold(np.array([[0, 1, 100, 101, 5000]])), TensorType((2,), -9000, 9000))
    assert node.lines is None
    assert {choice.kind for choice in thresholds.options(node)} == {"compare", "search"}
    with pytest.raises(ModelError, match="act: thresholds of a channel are no mult"):
        thresholds.build("act", node, Choice("requantise"))


@pytest.mark.parametrize("pieces", [Pieces(), Pieces(16, 16)])
@pytest.mark.parametrize("rows", [1, 4])
def test_choices_say_what_their_units_are(pieces: Pieces, rows: int) -> None:
    table = np.arange(7) * np.array([[1.3], [2.1], [3.7], [4.9]])[:rows]
    x = TensorType((5, 4), -40, 40)
    node = Thresholding(Threshold(np.ceil(table).astype(np.int64)), x, pieces)
    choices = list(thresholds.options(node))
    assert len(set(choices)) == len(choices)
    assert {choice.kind for choice in choices} == {"requantise", "compare", "search"}
    for choice in choices:
        unit = thresholds.build("act", node, choice)
        tokens = unit.tokens()
        assert thresholds.cycles(node, choice) == unit.cycles == tokens.operations
        assert unit.outputs[0].elements == x.size
        assert unit.outputs[0].lanes == choice.lanes
        assert thresholds.needs(node, choice) == unit.needs
        assert all(0 <= word < 1 << rom.width for rom in unit.roms for word in rom.words)
