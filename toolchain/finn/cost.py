"""What a layer of FINN's RTL costs, estimated from its parameters.

FINN's own estimates say next to nothing of the LUTs of RTL layers, so those of LUTs and flip-flops are fitted to what
Yosys makes of FINN's RTL, and come within a tenth of it on the designs they were fitted to. DSP slices and block RAMs
are counted by the RTL's own rules: mvu.sv puts as many products into one slice as its pre-adder is wide, where FINN's
estimate assumes four. FINN's DMAs and the interconnect are not in it: the board's share leaves room for them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from toolchain.finn.folding import Cost

_PREADDER_BITS = {"DSP48E1": 25, "DSP48E2": 27}
_LUT_DEPTH = 64
BLOCK_DEPTH = 1024
"""Thresholds of one step that lie in block RAM, at least."""
# Width and depth of half a block RAM (18 Kibit) as a simple dual-port memory: UG473, UG573.
_BLOCK_SHAPES = ((1, 16384), (2, 8192), (4, 4096), (9, 2048), (18, 1024), (36, 512))


@dataclass(frozen=True)
class Layer:
    """A matrix-vector unit (MVAU_rtl) with its weight memory, the FIFOs around it, and the thresholds behind it.

    Attributes:
        narrow: no weight is the least value of its type.
        dsp_block: the device's DSP slice, `DSP48E1` (7 series) or `DSP48E2` (UltraScale+).
    """

    inputs: int
    outputs: int
    weight_bits: int
    input_bits: int
    sum_bits: int
    narrow: bool
    thresholds: Thresholds | None
    dsp_block: str

    @property
    def lanes(self) -> int:
        """Products that share a DSP slice (NUM_LANES of mvu.sv)."""
        spare = _PREADDER_BITS[self.dsp_block] - (not self.narrow) - self.weight_bits
        return 1 + max(0, spare) // (self.weight_bits + self.input_bits - 1)

    def cycles(self, pe: int, simd: int) -> int:
        """Clock cycles a vector."""
        return (self.inputs // simd) * (self.outputs // pe)

    def cost(self, pe: int, simd: int, ram_style: str) -> Cost:
        """Cost of one folding."""
        return added(
            self._product(pe, simd),
            _memory(pe * simd * self.weight_bits, self.cycles(pe, simd), ram_style),
            _vector_fifo(self.input_bits * simd),
            self.thresholds.cost(pe) if self.thresholds else (0, 0, 0, 0),
            _short_fifo(self.sum_bits * pe),
        )

    def _product(self, pe: int, simd: int) -> Cost:
        bits = self.weight_bits + self.input_bits
        lut = 25 + 3.2 * pe * self.sum_bits + 3.4 * pe * simd * bits
        ff = 40 + 7.0 * pe * self.sum_bits + 4.4 * pe * simd * bits
        return lut, ff, 0, math.ceil(pe / self.lanes) * simd


@dataclass(frozen=True)
class Thresholds:
    """Thresholds (Thresholding_rtl): a search of as many steps as the result has bits.

    Attributes:
        bits: width of a threshold.
        level_bits: width of the result.
    """

    channels: int
    bits: int
    level_bits: int

    def cost(self, pe: int) -> Cost:
        """Cost of so many searches side by side; the thresholds of a step lie in one memory each."""
        depths = [self.channels // pe * 2**level for level in range(self.level_bits)]
        words = sum(math.ceil(depth / _LUT_DEPTH) for depth in depths if depth < BLOCK_DEPTH)
        halves = sum(block_rams(self.bits, depth) for depth in depths if depth >= BLOCK_DEPTH)
        lut = 30 + pe * self.bits * (self.level_bits + 0.6 * words)
        return lut, 30 + pe * 2.5 * self.level_bits * self.bits, pe * halves, 0


def window_cost(width: int, depth: int) -> Cost:
    """A padding or windows (ConvolutionInputGenerator_rtl) with the FIFO before.

    Args:
        width: bits of a beat.
        depth: beats that the windows and the FIFO before keep, in LUT memory; 0 for a padding.
    """
    return 120 + width * (2 + math.ceil(depth / _LUT_DEPTH)), 200 + 6 * width, 0, 0


def added(*costs: Cost) -> Cost:
    """The sum of costs."""
    return tuple(sum(values) for values in zip(*costs, strict=True))


def _memory(width: int, depth: int, ram_style: str) -> Cost:
    """The weights, read again and again (memstream.sv)."""
    rom = 0 if ram_style == "block" else width * math.ceil(depth / _LUT_DEPTH)
    halves = block_rams(width, depth) if ram_style == "block" else 0
    return 30 + 1.2 * width + rom, 60 + 8 * width, halves, 0


def _vector_fifo(width: int) -> Cost:
    """A FIFO of a whole vector (fifo.sv): what it takes hardly depends on its depth."""
    return 100 + 2 * width, 200 + 4 * width, 0, 0


def _short_fifo(width: int) -> Cost:
    """A FIFO of two words."""
    return 14 + width, 10 + 5 * width, 0, 0


def block_rams(width: int, depth: int) -> int:
    """Halves of a block RAM that a memory takes."""
    return min(math.ceil(width / wide) * math.ceil(depth / deep) for wide, deep in _BLOCK_SHAPES)
