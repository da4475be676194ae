"""Unrolled cores: all constants folded into generated, pipelined adder trees, one inference a clock cycle."""

from hls.unrolled.estimate import estimate_unrolled, least_of_layers, use_of_layers
from hls.unrolled.generate import generate_unrolled, short_clocks

__all__ = [
    "estimate_unrolled",
    "generate_unrolled",
    "least_of_layers",
    "short_clocks",
    "use_of_layers",
]
