"""The estimate of resources against yosys, and the chains that it must not take apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from hls.generate import generate_core
from hls.unrolled import estimate_unrolled
from tests.benchmarks.synthesis import synthesise
from tests.doubles.folded import NOTHING
from tests.fast.hls.unrolled.networks import random_network
from toolchain.results.folding import Folding


@pytest.mark.parametrize("family", ["ecp5", "zynq_ultrascale"])
def test_estimate_is_close_to_yosys(family: str, tmp_path: Path) -> None:
    network = random_network([48, 24, 12, 5], 30, "BINARY")
    core = generate_core(network, Folding("unrolled", (), 1, 25e6, 25_000_000, None, NOTHING), tmp_path, family)
    measured = synthesise("gateweave_core", [tmp_path / name for name in core.sources], family)
    estimate = estimate_unrolled(network, 25_000_000, family)
    assert 0.85 < estimate["lut"] / measured.positions < 1.15
    assert 0.8 < estimate["ff"] / measured.ff < 1.25
    if family != "ecp5":
        return
    # Sums share carry chains: were they taken apart, more than half the additions would be LUTs.
    assert measured.ccu2c > 0.2 * measured.positions
