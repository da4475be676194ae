"""The chip around a generated core: classes and bench equal the integer executor's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hls.chip import generate_chip
from hls.generate import generate_core
from hls.simulate_chip import ChipSimulator
from tests.doubles.folded import NOTHING
from tests.doubles.uart_board import class_bytes
from toolchain.device.link import protocol as link
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.results.folding import Folding, LayerFolding


def random_network(seed: int) -> DenseNetwork:
    generator = np.random.default_rng(seed)
    hidden = DenseLayer(
        "hidden",
        generator.integers(-1, 2, (36, 8)),
        "BINARY",
        "UINT2",
        thresholds=np.sort(generator.integers(-4, 5, (8, 3)), axis=1),
    )
    last = DenseLayer("last", generator.integers(-1, 2, (8, 4)), "UINT2", "INT8")
    return network_of((hidden, last))


def test_chip_with_a_folded_core(tmp_path: Path) -> None:
    network = random_network(1)
    layers = (LayerFolding("hidden", 2, 9, 16), LayerFolding("last", 1, 2, 16))
    folding = Folding("folded", layers, 16, 1e6, 16_000_000, None, NOTHING)
    core = generate_core(network, folding, tmp_path)
    x = np.random.default_rng(2).integers(0, 2, (80, 36))
    labels = [int(label) for label in network.run(x).labels]
    names = generate_chip(
        core,
        tmp_path,
        clock_hz=16_000_000,
        baud=1_000_000,
        model_hash=bytes(8),
        build_id=bytes(8),
        bench=x[:16],
    )
    chip = ChipSimulator([tmp_path / name for name in names], tmp_path / "work", clock_hz=16_000_000, baud=1_000_000)
    vectors = [link.pack_vector(vector.tolist(), network.input_type) for vector in x]
    requests = [link.infer_request(i, vector) for i, vector in enumerate(vectors)]
    requests += [link.bench_request(i, 1 + 1000 * i) for i in range(2)]
    *told, first, bench = [link.parse_replies(data)[0] for data in chip.exchange(requests)]
    assert [reply.answer[0] for reply in told] == labels
    assert len(set(labels)) > 2
    assert first.cycles == told[0].cycles
    assert bench.checksum == link.bench_checksum(class_bytes(labels[:16]), 1001)
    assert (bench.cycles - first.cycles) / 1000 == core.initiation_interval
