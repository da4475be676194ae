"""A matrix product by constants as a pipeline of its own: a way to build one product of a core of units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hls.unrolled.emit import emit_layer
from hls.unrolled.estimate import registers_of
from hls.unrolled.lower import LoweredLayer, Wire, cheapest, sums_of
from hls.unrolled.schedule import Schedule, schedule

Integers = NDArray[np.int64]

# Units have a register behind every adder; cores of them reach 60 to 120 MHz (docs/benchmarks.md).
_CLOCK_HZ = 100_000_000


@dataclass(frozen=True)
class ConstantProduct:
    """``constants + x @ weights`` of unsigned x, none of them negative, a row a clock."""

    layer: LoweredLayer
    times: Schedule

    @property
    def latency(self) -> int:
        """Clock cycles from a row to its results."""
        return self.times.latency

    @property
    def registers(self) -> int:
        """Flip-flops."""
        return registers_of(self.layer, self.times)

    def verilog(self, module: str) -> str:
        """``module(clk, x, y)``: elements side by side, the first lowest; y is `latency` cycles behind x."""
        return emit_layer(self.layer, self.times, module)


def constant_product(
    name: str, weights: Integers, constants: Integers, most: Integers, bits: int, out_bits: int
) -> ConstantProduct:
    """Lower a product and schedule it.

    Args:
        name: what the Verilog calls it.
        weights: shape (inputs, outputs).
        constants: what each output has besides, shape (outputs,).
        most: the greatest value of each input, shape (inputs,); the least is 0.
        bits, out_bits: of an element of x and of y.
    """
    source = Wire(np.zeros_like(most), most, bits, False)
    live = np.ones(weights.shape[1], np.bool_)
    graph = cheapest(lambda sharing: sums_of(source, weights, constants, live, sharing), live)
    low, high = (np.array([ends[output] for output in graph.outputs]) for ends in (graph.low, graph.high))
    layer = LoweredLayer(name, graph, source, Wire(low, high, out_bits, False), tuple(live.tolist()))
    return ConstantProduct(layer, schedule(graph, _CLOCK_HZ).registered())
