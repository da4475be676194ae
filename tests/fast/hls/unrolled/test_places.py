"""What a chain behind 4-input tables shows is the sum of its stretches, for every way in which bits are inverted."""

from __future__ import annotations

import re
from itertools import product

import numpy as np
import pytest

from hls.unrolled.ir import Bit, Columns, Stretch
from hls.unrolled.places import ChainLines

ALONE: list[tuple[Columns, ...]] = [
    (((Bit(0, 0),), (Bit(1, 0),)),),
    (((Bit(0, 0), Bit(1, 0)), (Bit(2, 0), Bit(3, 0))), ()),
    (((Bit(0, 0), Bit(1, 0)), (Bit(2, 0),)), ((Bit(3, 0), Bit(4, 0)),), ()),
    (((Bit(0, 0), Bit(1, 0), Bit(2, 0)), (Bit(3, 0),)), ((Bit(4, 0),),)),
    (((Bit(0, 0), Bit(1, 0), Bit(2, 0)),), ((Bit(3, 0), Bit(4, 0), Bit(5, 0)),), ((Bit(6, 0),),)),
]


def shown(lines: list[str], values: dict[str, int]) -> int:
    """What a chain's Verilog shows for values of the nodes' wires, by the rule in carry_luts.v."""
    wires = {"1'b0": 0, "1'b1": 1} | values
    text = "\n".join(lines)
    for name in re.findall(r"wire (\w+);|wire (\w+) = ~", text):
        line = next(line for line in lines if re.search(rf"\b(wire {''.join(name)}|\.o\({''.join(name)}\))\b", line))
        if inverse := re.search(r"= ~(\w+);", line):
            wires["".join(name)] = 1 - wires[inverse[1]]
        elif table := re.search(r"INIT\(16'h(\w+)\).*\.i\(\{(.*?)\}\)", line):
            index = int("".join(str(wires[wire.strip()]) for wire in table[2].split(",")), 2)
            wires["".join(name)] = int(table[1], 16) >> index & 1
    tables = int(re.search(r"'h(\w+)\)\) \w+_c", text)[1], 16)  # type: ignore[index]
    ports = [re.search(rf"\.{port}\(\{{(.*?)\}}\)", text)[1].split(", ")[::-1] for port in "abcd"]  # type: ignore[index]
    total, carry = 0, 0
    for place, inputs in enumerate(zip(*ports, strict=True)):
        a, b, c, d = (wires[wire] for wire in inputs)
        table = tables >> 16 * place
        bit = table >> (a + 2 * b + 4 * c + 8 * d) & 1
        total |= (bit ^ carry) << place
        carry = carry if bit else table >> (a + 2 * b) & 1
    return total


@pytest.mark.parametrize("places", ALONE, ids=range(len(ALONE)))
@pytest.mark.parametrize("carried", [False, True])
def test_stretches_add(places: tuple[Columns, ...], *, carried: bool) -> None:
    nodes = sorted({bit.node for groups in places for group in groups for bit in group})
    for signs in product((False, True), repeat=len(nodes)):
        turned = tuple(
            tuple(
                # Bits that are not inverted come first.
                tuple(sorted((Bit(b.node, 0, signs[b.node]) for b in group), key=lambda bit: bit.inverted))
                for group in groups
            )
            for groups in places
        )
        carry = Bit(99, 0, signs[0]) if carried else None
        chain = ChainLines("s0", lambda bit: f"n{bit.node}")
        width = len(places) + 1
        (part,) = chain.add(Stretch(turned, carry), width)
        low = int(re.search(r":(\d+)\]", part)[1])  # type: ignore[index]
        lines = chain.instance()
        for code in np.random.default_rng(1).integers(0, 1 << len(nodes) + 1, 24).tolist():
            values = {f"n{node}": code >> index & 1 for index, node in enumerate([*nodes, 99])}
            total = sum(
                (values[f"n{bit.node}"] ^ bit.inverted) << place
                for place, groups in enumerate(turned)
                for group in groups
                for bit in group
            )
            total += (values["n99"] ^ signs[0]) if carried else 0
            assert shown(lines, values) >> low & ((1 << width) - 1) == total & ((1 << width) - 1)


def test_a_carry_is_shown_before_the_next_sum_begins() -> None:
    chain = ChainLines("s0", lambda bit: f"n{bit.node}")
    first = chain.add(Stretch((((Bit(0, 0),), (Bit(1, 0),)),), Bit(2, 0)), 2)
    second = chain.add(Stretch((((Bit(3, 0),), (Bit(4, 0),)),), None), 2)
    assert (first, second) == (["s0[2:1]"], ["s0[4:3]"])
    lines = chain.instance()
    for code in range(32):
        values = {f"n{node}": code >> node & 1 for node in range(5)}
        total = shown(lines, values)
        assert total >> 1 & 3 == values["n0"] + values["n1"] + values["n2"]
        assert total >> 3 & 3 == values["n3"] + values["n4"]
