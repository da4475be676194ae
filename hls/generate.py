"""The core of either strategy."""

from __future__ import annotations

from pathlib import Path

from hls.folded import generate_folded
from hls.unrolled.fabric import USUAL
from toolchain.graph.dense import DenseNetwork
from toolchain.results.core import CoreDescription
from toolchain.results.folding import Folding


def generate_core(network: DenseNetwork, folding: Folding, rtl_dir: Path, family: str = USUAL) -> CoreDescription:
    """Write the core's Verilog and ROM files into `rtl_dir` and describe it.

    Args:
        family: the board's `fpga.family`, whose cells an unrolled core is made for.

    Raises:
        ModelError: the hardware cannot compute a layer; the message names it.
    """
    if folding.strategy == "unrolled":
        from hls.unrolled import generate_unrolled

        return generate_unrolled(network, folding, rtl_dir, family)
    return generate_folded(network, folding, rtl_dir)
