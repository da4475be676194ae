"""Unrolled cores against da4ml 0.6: the same network, each one's own Verilog, the same yosys command.

Run with ``make bench``. Set GATEWEAVE_BENCH_NETWORK to the path of a build's ``integer.onnx`` to add that network.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hls.generate import generate_core
from hls.simulate import simulate_core
from hls.unrolled.generate import plan_pipeline
from tests.benchmarks.synthesis import Cells, synthesise
from tests.doubles.folded import NOTHING
from toolchain.graph.dense import DenseLayer, DenseNetwork, dense_network, network_of
from toolchain.graph.file.store import load_graph
from toolchain.graph.ops import Threshold
from toolchain.graph.types import IntType
from toolchain.results.folding import Folding

pytest.importorskip("da4ml", reason="da4ml is a peer, not a part: `pip install -r requirements-bench.txt`")


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
        yield path, dense_network(load_graph(Path(path)))


def folding(clock_mhz: int) -> Folding:
    clock_hz = clock_mhz * 1_000_000
    return Folding("unrolled", (), 1, float(clock_hz), clock_hz, None, NOTHING)


@pytest.mark.parametrize(("name", "network"), [pytest.param(*case, id=case[0]) for case in networks()])
def test_fewer_lut_positions_than_da4ml(name: str, network: DenseNetwork, tmp_path: Path) -> None:
    from tests.benchmarks import da4ml_peer

    peer = da4ml_peer.build(network, tmp_path / "da4ml", levels_a_stage=2)
    low, high = IntType.of(network.input_type).ends
    x = np.random.default_rng(3).integers(low, high + 1, (300, network.inputs))
    np.testing.assert_array_equal(peer.logits(x), network.run(x).logits)
    theirs = synthesise(da4ml_peer.TOP, peer.sources)
    _print_row(name, "da4ml 0.6, 2 levels a stage, no argmax", theirs, peer.latency)
    for clock_mhz in (25, 120):
        core = generate_core(network, folding(clock_mhz), tmp_path / "rtl")
        ours = synthesise(core.top, [tmp_path / "rtl" / source for source in core.sources])
        latency = plan_pipeline(network, clock_mhz * 1_000_000).latency
        _print_row(name, f"gateweave for {clock_mhz} MHz, whole core", ours, latency)
        assert ours.positions < 0.8 * theirs.positions


@pytest.mark.parametrize(
    ("sizes", "input_type", "limit"),
    [([316, 64, 32, 32, 5], "BINARY", 10), ([40, 256, 128, 64, 32, 5], "UINT8", 60)],
)
def test_generation_is_quick(sizes: list[int], input_type: str, limit: float, tmp_path: Path) -> None:
    network = calibrated_network(sizes, input_type, 1)
    start = time.process_time()
    generate_core(network, folding(25), tmp_path)
    seconds = time.process_time() - start
    print(f"\ngeneration of {sizes}: {seconds:.1f} s of processor time")
    assert seconds < limit


def test_simulation_speed(tmp_path: Path) -> None:
    network = calibrated_network([316, 64, 32, 32, 5], "BINARY", 1, zeros=0.8)
    core = generate_core(network, folding(25), tmp_path / "rtl")
    x = np.random.default_rng(4).integers(0, 2, (50_000, 316))
    runs = [simulate_core(core, network, tmp_path / "rtl", x, tmp_path / "work") for _ in range(3)]
    assert all(run.equal == len(x) for run in runs)
    rate = statistics.median(len(x) / run.seconds for run in runs)
    print(f"\nsimulation: {rate:,.0f} inferences/s")
    assert rate > 100_000


def _print_row(name: str, design: str, cells: Cells, latency: int) -> None:
    print(
        f"\n| {name} | {design} | {cells.lut4:,} | {cells.ccu2c:,} | {cells.positions:,} | {cells.ff:,} | {latency} |",
        end="",
    )
