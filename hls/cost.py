"""Estimated resources of a folded core: LUT (4 inputs; a carry cell's LUTs counted), FF and block RAM.

The constants are fits to what `synth_ecp5 -abc9 -nodsp -nowidelut` and `synth_ice40 -abc9` of yosys 0.70 gave for each
library module over a grid of parameters; whole cores came out within about 15 %. Estimates steer the folding only:
they are labelled as such wherever they appear, and the synthesised figures replace them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from hls.arithmetic import LayerArithmetic, WeightKind
from hls.plan import LayerPlan


class BlockRam(Protocol):
    """One block RAM of a device; `toolchain/fpga` knows each family's. It must be hashable."""

    @property
    def kbit(self) -> int:
        """Its kilobits."""

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """How it can be cut: (words, bits of a word)."""

    @property
    def lut_ram(self) -> bool:
        """Whether the device has small memories in LUTs besides; if not, even a small buffer takes a block."""

    @property
    def luts_route(self) -> bool:
        """Whether memories in LUTs find places easily; if not, cores of units make theirs of flip-flops."""

    @property
    def one_port(self) -> tuple[int, int] | None:
        """Words and bits of a word of the large RAMs of one port that a device may have besides."""

    @property
    def two_port_bits(self) -> int:
        """Most bits of a word where it is read at both of its ports; 0: it has no second one."""

    @property
    def lone_ff(self) -> float:
        """Of flip-flops, the share that takes a cell without its LUT, where LUT and flip-flop are one cell; else 0."""


@dataclass(frozen=True)
class Cost:
    """LUTs, flip-flops and block RAMs; blocks, not kilobits."""

    lut: float = 0.0
    ff: float = 0.0
    blocks: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.lut + other.lut, self.ff + other.ff, self.blocks + other.blocks)


def total(costs: Iterable[Cost]) -> Cost:
    """Sum of costs."""
    return sum(costs, Cost())


@dataclass(frozen=True)
class Memories:
    """How memories are weighed.

    Attributes:
        block: the device's block RAM; None where none may be used.
        block_price: LUTs that a block must save to be worth using.
    """

    block: BlockRam | None
    block_price: float


def _bits(count: int) -> int:
    """Bits of a counter of `count` states, at least 1."""
    return max(1, (count - 1).bit_length())


def rows_and_columns(words: int, width: int, block: BlockRam, *, two_ports: bool = False) -> tuple[int, int]:
    """Of the fewest block RAMs that make up a memory; rows need a multiplexer, so there are few of equals."""
    shapes = (shape for shape in block.shapes if not two_ports or shape[1] <= block.two_port_bits)
    fields = ((-(-words // depth), -(-width // bits)) for depth, bits in shapes)
    return min(fields, key=lambda field: (math.prod(field), field))


def blocks_of(words: int, width: int, block: BlockRam, *, two_ports: bool = False) -> int:
    """Block RAMs of a memory."""
    return math.prod(rows_and_columns(words, width, block, two_ports=two_ports))


def rom(words: int, width: int, memories: Memories) -> tuple[str, Cost]:
    """Cheaper place of a ROM, ``"block"`` or ``"logic"``, and its cost there."""
    # Wide ROMs share more of their address decoding.
    slope = min(2.1, 1.45 + 10 / width)
    logic = Cost(lut=width * (1.0 if words <= 16 else slope * words / 16 - 0.4), ff=width)
    if memories.block is None:
        return "logic", logic
    blocks = blocks_of(words, width, memories.block)
    if logic.lut > blocks * memories.block_price:
        return "block", Cost(blocks=blocks)
    return "logic", logic


def weight_rom(plan: LayerPlan, memories: Memories) -> tuple[str, Cost]:
    """Place and cost of the weight ROM."""
    return rom(plan.cycles, plan.weight_word, memories)


def threshold_rom(plan: LayerPlan, memories: Memories) -> tuple[str, Cost]:
    """Place and cost of the threshold ROM."""
    codes, layer = plan.arithmetic.outputs, plan.arithmetic.layer
    if codes is None:
        return "logic", Cost()
    bits = plan.arithmetic.threshold_bits
    if plan.search:
        return rom(layer.outputs << codes.bits, bits, memories)
    return rom(layer.outputs // plan.lanes, plan.lanes * plan.levels * bits, memories)


def converter(from_width: int, to_width: int) -> Cost:
    """A width converter; nothing between equal widths."""
    if from_width == to_width:
        return Cost()
    held = max(from_width, to_width)
    control = 2 * _bits(held // min(from_width, to_width) + 1)
    return Cost(lut=4 + control + (from_width if from_width > to_width else 0), ff=held + control / 2)


def buffer(plan: LayerPlan, memories: Memories) -> Cost:
    """The double buffer before a unit."""
    width = plan.simd * plan.arithmetic.inputs.bits
    beat, play = _bits(plan.beats), _bits(plan.folds)
    control = Cost(lut=14 + 4 * beat + 1.2 * play, ff=2 * beat + play + 6)
    depth = 2 << beat
    if memories.block is not None and not memories.block.lut_ram:
        return control + Cost(blocks=blocks_of(depth, width, memories.block))
    banks = -(-depth // 16)
    return control + Cost(lut=4 * -(-width // 4) * banks + (1.1 * width * banks if banks > 1 else 0), ff=width)


@lru_cache(maxsize=4096)
def adder_tree(elements: int, width: int) -> int:
    """LUTs of a balanced tree of adders over elements of `width` bits."""
    luts = 0
    while elements > 1:
        width += 1
        luts += elements // 2 * width
        elements -= elements // 2
    return luts


def neuron_sum(arithmetic: LayerArithmetic, simd: int) -> float:
    """LUTs of the sum of one neuron's terms."""
    bits, weight_bits = arithmetic.inputs.bits, arithmetic.weight_bits
    if arithmetic.kind is WeightKind.INTEGER:
        return 2.2 * simd * bits * weight_bits + adder_tree(simd, bits + weight_bits)
    luts = simd * bits + adder_tree(simd, bits)
    return luts * (0.9 if bits == 1 else 1.08)


def unit(plan: LayerPlan) -> Cost:
    """The matrix-vector unit without its weight ROM."""
    arithmetic = plan.arithmetic
    accumulator, partial = arithmetic.accumulator_bits, arithmetic.sum_bits(plan.simd)
    address = _bits(plan.cycles)
    lut = plan.pe * (neuron_sum(arithmetic, plan.simd) + accumulator) + 1.5 * address + 10
    if arithmetic.bias is not None:
        lut += 2 * plan.pe * accumulator
    return Cost(lut=lut, ff=plan.pe * (2 * accumulator + partial) + address + 4)


def output_stage(plan: LayerPlan) -> Cost:
    """Thresholds without their ROM, or the argmax of the last layer."""
    codes, bits = plan.arithmetic.outputs, plan.arithmetic.threshold_bits
    outputs = plan.arithmetic.layer.outputs
    if codes is None:
        width, index = plan.arithmetic.accumulator_bits, _bits(outputs)
        return Cost(lut=2 * width + 2 * index + 6, ff=width + 3 * index + 2)
    if plan.search:
        lut = bits + 4 * codes.bits + _bits(outputs) + 12
        return Cost(lut=lut, ff=4 * codes.bits + _bits(outputs) + 2)
    folds = _bits(outputs // plan.lanes)
    return Cost(lut=plan.lanes * plan.levels * (bits + 1) + folds + 8, ff=plan.lanes * codes.bits + folds + 2)


def layer_cost(plan: LayerPlan, memories: Memories) -> Cost:
    """All of one layer, with the converter that feeds it."""
    bits, accumulator = plan.arithmetic.inputs.bits, plan.arithmetic.accumulator_bits
    return total(
        (
            converter(plan.arriving * bits, plan.simd * bits),
            buffer(plan, memories),
            weight_rom(plan, memories)[1],
            unit(plan),
            converter(plan.pe * accumulator, plan.lanes * accumulator),
            output_stage(plan),
            threshold_rom(plan, memories)[1],
        )
    )
