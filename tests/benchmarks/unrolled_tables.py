"""The tables of docs/unrolled.md against alkaid: ``python -m tests.benchmarks.unrolled_tables`` rewrites them there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from hls.generate import generate_core
from hls.unrolled.fabric import fabric_of
from hls.unrolled.generate import plan_pipeline
from tests.benchmarks import alkaid_peer
from tests.benchmarks.synthesis import COMMANDS, synthesise
from tests.doubles.folded import NOTHING
from toolchain.graph.dense import DenseLayer, DenseNetwork, dense_network, network_of
from toolchain.graph.file.store import load_graph
from toolchain.graph.ops import Threshold
from toolchain.graph.types import IntType
from toolchain.results.folding import Folding

CLOCKS = {"ecp5": (25, 120), "zynq_ultrascale": (100, 300)}
"""Megahertz that our cores are laid out for."""

_BLOCKS = {"ecp5": 192}
"""Block RAMs that one more core may have, laid out for the slowest clock: an LFE5U-85F has 208."""


@dataclass(frozen=True)
class Row:
    """One design of a network.

    Attributes:
        luts: LUT positions (ECP5) or look-up tables (UltraScale+).
    """

    ours: bool
    design: str
    luts: int
    carries: int
    ff: int
    cycles: int


def calibrated_network(sizes: list[int], input_type: str, seed: int, zeros: float = 0.45) -> DenseNetwork:
    """Random ternary weights, and thresholds where the accumulators lie, as training puts them."""
    generator = np.random.default_rng(seed)
    low, high = IntType.of(input_type).ends
    x: np.ndarray = generator.integers(low, high + 1, (4000, sizes[0]))
    layers, type_name, shares = [], input_type, [(1 - zeros) / 2, zeros, (1 - zeros) / 2]
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        weights = generator.choice([-1, 0, 1], p=shares, size=(inputs, outputs)).astype(np.int64)
        if index == len(sizes) - 2:
            layers.append(DenseLayer(f"layer{index}", weights, type_name, "INT16"))
            continue
        sums = x @ weights
        spread = np.array([-0.7, 0.1, 0.9]) * sums.std(axis=0)[:, None]
        cuts = np.ceil(sums.mean(axis=0)[:, None] + spread).astype(np.int64) + generator.integers(-1, 2, (outputs, 1))
        layers.append(DenseLayer(f"layer{index}", weights, type_name, "UINT2", np.sort(cuts, axis=1)))
        x, type_name = Threshold(layers[-1].thresholds).run(sums), "UINT2"
    return network_of(tuple(layers))


def networks() -> Iterator[tuple[str, DenseNetwork]]:
    yield "10 x UINT8-64-32-16-5", calibrated_network([10, 64, 32, 16, 5], "UINT8", 0)
    yield "316 x BINARY-64-32-32-5", calibrated_network([316, 64, 32, 32, 5], "BINARY", 1)
    if path := os.environ.get("GATEWEAVE_BENCH_NETWORK"):
        network = dense_network(load_graph(Path(path)))
        sizes = "-".join(str(layer.outputs) for layer in network.layers)
        yield f"{network.inputs} x {network.input_type}-{sizes}, trained", network


def folding(clock_mhz: int, blocks: int = 0) -> Folding:
    clock_hz = clock_mhz * 1_000_000
    return Folding("unrolled", (), 1, float(clock_hz), clock_hz, None, NOTHING.model_copy(update={"bram": blocks}))


def compared(network: DenseNetwork, family: str, folder: Path) -> Iterator[Row]:
    """The peer's two designs, whose answers are checked first, and ours at two clocks."""
    low, high = IntType.of(network.input_type).ends
    x = np.random.default_rng(3).integers(low, high + 1, (300, network.inputs))
    for fuse in (False, True):
        peer = alkaid_peer.build(network, x, folder / f"alkaid-{fuse}", fuse=fuse)
        np.testing.assert_array_equal(peer.logits, network.run(x).logits)
        cells = synthesise(alkaid_peer.TOP, peer.sources, family)
        design = "alkaid 0.8.2" + (", three words at once" if fuse else "")
        yield Row(False, design, cells.positions, cells.carries, cells.ff, peer.stages)
    for clock_mhz in CLOCKS[family]:
        yield ours(network, family, folder / f"rtl-{clock_mhz}", clock_mhz)
    if family in _BLOCKS:
        yield ours(network, family, folder / "rtl-blocks", CLOCKS[family][0], _BLOCKS[family])


def ours(network: DenseNetwork, family: str, rtl: Path, clock_mhz: int, blocks: int = 0) -> Row:
    """Our core, with neurons in so many block RAMs at most."""
    core = generate_core(network, folding(clock_mhz, blocks), rtl, family)
    cells = synthesise(core.top, [rtl / source for source in core.sources], family)
    cycles = plan_pipeline(network, clock_mhz * 1_000_000, fabric_of(family), blocks).latency
    design = f"gateweave, {clock_mhz} MHz" + (f", {cells.blocks} block RAMs" if cells.blocks else "")
    return Row(True, design, cells.positions, cells.carries, cells.ff, cycles)


DOCS = Path(__file__).resolve().parents[2] / "docs" / "unrolled.md"
_BEGIN, _END = "<!-- unrolled_tables -->", "<!-- /unrolled_tables -->"


def table(family: str) -> str:
    """All networks on one family, as Markdown."""
    lines = [
        f"`{COMMANDS[family]}`:",
        "",
        "| network | design | LUT | carry cells | FF | stages |",
        "|---|---|---|---|---|---|",
    ]
    for name, network in networks():
        with tempfile.TemporaryDirectory() as folder:
            for row in compared(network, family, Path(folder)):
                cells = f"{row.luts:,} | {row.carries:,} | {row.ff:,} | {row.cycles}"
                lines.append(f"| {name} | {row.design} | {cells} |")
                print(lines[-1], flush=True)
    return "\n".join(lines)


def main() -> None:
    """Measure everything anew and put it into the docs."""
    before, rest = DOCS.read_text().split(_BEGIN)
    behind = rest.split(_END)[1]
    tables = "\n\n".join(map(table, COMMANDS))
    DOCS.write_text(f"{before}{_BEGIN}\n\n{tables}\n\n{_END}{behind}")


if __name__ == "__main__":
    main()
