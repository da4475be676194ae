"""What a device gives for the needs of units: each memory becomes block RAMs, LUTs or flip-flops."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from hls.cost import BlockRam, rows_and_columns
from hls.netlist import SmallRam
from hls.units.unit import Memory, Needs

# LUT RAM: LUTs of 16 words of 4 bits on ECP5, of which two are its write port.
_LUT_WORDS, _LUT_BITS, _LUTS = 16, 4, 6


@dataclass(frozen=True)
class Resources:
    """Estimated resources of a device.

    Attributes:
        lut: LUTs of 4 inputs, those of carry cells counted.
        ff: flip-flops.
        blocks: block RAMs.
        dsp: multipliers.
        one_port: large RAMs of one port.
        cells: cells of a LUT and a flip-flop, where the device has no others and a flip-flop alone takes one; else 0.
    """

    lut: float = 0.0
    ff: float = 0.0
    blocks: int = 0
    dsp: int = 0
    cells: float = 0.0
    one_port: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(*(getattr(self, it.name) + getattr(other, it.name) for it in fields(self)))

    def __sub__(self, other: Resources) -> Resources:
        return Resources(*(getattr(self, it.name) - getattr(other, it.name) for it in fields(self)))


def small_ram(block: BlockRam) -> SmallRam:
    """How a device with such block RAM makes small memories."""
    return "distributed" if block.lut_ram and block.luts_route else "registers"


def resources_of(needs: Needs, block: BlockRam) -> Resources:
    """What a device with such block RAM gives."""
    own = Resources(needs.lut, needs.ff, 0, needs.dsp)
    memories = [_in_blocks(memory, block) for memory in (*needs.blocks, *needs.roms)]
    memories += [_in_one_port(memory, block) for memory in needs.one_port]
    memories += [_in_blocks(memory, block, two_ports=True) for memory in needs.two_port]
    whole = sum([*memories, *(_small(memory, small_ram(block) == "distributed") for memory in needs.small)], own)
    return replace(whole, cells=cells_of(whole.lut, whole.ff, block))


def cells_of(lut: float, ff: float, block: BlockRam) -> float:
    """Cells of LUTs and flip-flops, where the device counts such."""
    return lut + block.lone_ff * ff if block.lone_ff else 0.0


def _in_blocks(memory: Memory, block: BlockRam, *, two_ports: bool = False) -> Resources:
    rows, columns = rows_and_columns(*memory, block, two_ports=two_ports)
    return Resources(lut=0.75 * (1 + two_ports) * (rows - 1) * memory[1], blocks=rows * columns)


def _in_one_port(memory: Memory, block: BlockRam) -> Resources:
    words, bits = block.one_port or (1, 1)
    return Resources(one_port=-(-memory[0] // words) * -(-memory[1] // bits))


def _small(memory: Memory, lut_ram: bool) -> Resources:
    words, width = memory
    if not lut_ram:
        # A flip-flop a bit, and what chooses a word to be read.
        return Resources(lut=0.7 * (words - 1) * width + words, ff=words * width)
    banks = -(-words // _LUT_WORDS)
    return Resources(lut=banks * _LUTS * -(-width // _LUT_BITS) + (banks - 1) * width)
