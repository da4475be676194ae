"""Unrolled cores against alkaid 0.8.2: the same network, each one's own Verilog, the same yosys command.

Run with ``make bench``. ``GATEWEAVE_BENCH_ALKAID`` names a Python that has alkaid, if this one has not, and
``GATEWEAVE_BENCH_NETWORK`` a build's ``integer.onnx`` to add. ``python -m tests.benchmarks.unrolled_tables`` writes the
tables of docs/unrolled.md.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import pytest

from hls.generate import generate_core
from hls.simulate import simulate_core
from tests.benchmarks import alkaid_peer
from tests.benchmarks.unrolled_tables import calibrated_network, compared, folding, networks
from toolchain.graph.dense import DenseNetwork


@pytest.mark.skipif(
    not alkaid_peer.PYTHON, reason="alkaid is a peer, not a part: `pip install -r requirements-bench.txt`"
)
@pytest.mark.parametrize(("family", "share"), [("ecp5", 0.5), ("zynq_ultrascale", 0.7)])
@pytest.mark.parametrize(("name", "network"), [pytest.param(*case, id=case[0]) for case in networks()])
def test_fewer_luts_than_alkaid(name: str, network: DenseNetwork, family: str, share: float, tmp_path: Path) -> None:
    rows = list(compared(network, family, tmp_path))
    for row in rows:
        print(f"\n{name} {family} {row}", end="")
    theirs, ours = ([row for row in rows if row.ours == own] for own in (False, True))
    assert ours[0].luts <= share * min(row.luts for row in theirs)
    assert ours[0].ff <= min(row.ff for row in theirs)
    assert ours[0].cycles <= min(row.cycles for row in theirs)


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
    runs = [simulate_core(core, network, tmp_path / "rtl", x, tmp_path / "work", quick=True) for _ in range(3)]
    assert all(run.equal == len(x) for run in runs)
    rate = statistics.median(len(x) / run.seconds for run in runs)
    print(f"\nsimulation: {rate:,.0f} inferences/s")
    assert rate > 100_000
