"""Cells of an unrolled core alone: ``python -m tests.benchmarks.core_cells <integer.onnx> zynq_7000 100``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hls.generate import generate_core
from hls.unrolled.fabric import fabric_of
from hls.unrolled.generate import plan_pipeline
from tests.benchmarks.synthesis import COMMANDS, SERIES_7, synthesise
from tests.benchmarks.unrolled_tables import folding
from toolchain.graph.dense import dense_network
from toolchain.graph.file.store import load_graph


def main() -> None:
    """Print what synthesis makes of a network's core, laid out for a family and a clock in MHz."""
    path, family, clock_mhz = sys.argv[1:]
    network = dense_network(load_graph(Path(path)))
    with tempfile.TemporaryDirectory() as folder:
        core = generate_core(network, folding(int(clock_mhz)), Path(folder), family)
        cells = synthesise(core.top, [Path(folder) / source for source in core.sources], family)
    cycles = plan_pipeline(network, int(clock_mhz) * 1_000_000, fabric_of(family)).latency
    command = (COMMANDS | SERIES_7)[family]
    print(f"{command}: {cells.positions:,} LUT ({cells.paired:,} of two outputs), {cells.ff:,} FF, {cycles} cycles")


if __name__ == "__main__":
    main()
