"""Latency of cqmlp through ONNX Runtime: both runners beside their Identity floors and a plain `session.run`.

Run with ``make bench``. Goals at batch 1 on the host: C within 1.5 times its floor, Python with io-binding within 2
times its own. The network has cqmlp's shape and random weights, on which the time does not depend. Figures are measured
here, and printed; what is checked holds on a busy machine, too.
"""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from rich.console import Console

from tests.fast.hls.networks import Shape, random_network
from tests.fast.toolchain.runtime.networks import graphs_of
from toolchain.graph.dense import DenseLayer, DenseNetwork, network_of
from toolchain.graph.readers.source import Port, Source
from toolchain.results.device import COMPILED
from toolchain.results.facts.runtime import Effort, LatencyRow
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.compiled_graph import compiled_graph
from toolchain.runtime.operator_library import library_beside, make_known, write_operator
from toolchain.runtime.timing import (
    REPEATS,
    WARMUP,
    Variant,
    fastest,
    latency_table,
    runner_commands,
    throughput,
    time_variants,
)

WIDTHS = (183, 128, 32, 5)
GOALS = {"c": 1.5, "python": 2.0}


def cqmlp() -> DenseNetwork:
    """Evenly spaced thresholds, as quantisers of a power-of-two scale give."""
    network = random_network(Shape("BINARY", WIDTHS[0], WIDTHS[1:]), seed=5)
    return network_of(tuple(even(layer) for layer in network.layers))


def even(layer: DenseLayer) -> DenseLayer:
    if layer.thresholds is None:
        return layer
    thresholds = np.arange(layer.outputs)[:, None] % 5 + np.array([-8, 0, 8])
    return DenseLayer(layer.name, layer.weights, layer.input_type, layer.output_type, thresholds.astype(np.int64))


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Variant]:
    folder, result = tmp_path_factory.mktemp("graphs"), {}
    x = np.random.default_rng(6).integers(0, 2, (1000, WIDTHS[0]))
    for name, model in graphs_of(cqmlp()).items():
        kind = onnx.helper.tensor_dtype_to_np_dtype(_element(model))
        onnx.save(model, str(folder / f"{name}.onnx"))
        result[name] = Variant(folder / f"{name}.onnx", (), x.astype(kind))
    result[COMPILED] = compiled(folder, x)
    return result


def compiled(folder: Path, x: NDArray[np.int64]) -> Variant:
    """The graph of one operator, with its library beside it."""
    port = np.dtype(np.float32)
    ports = ((Port("x", (WIDTHS[0],), port),), (Port("logits", (WIDTHS[-1],), port),))
    found = compiled_graph(Source("QONNX", cqmlp().scores, *ports), GraphSettings())
    model = folder / f"{COMPILED}.onnx"
    onnx.save(found.model, str(model))
    library = library_beside(model, platform.machine())
    make_known(write_operator(found.source, found.ends, platform.machine(), library), library)
    return Variant(model, (), x.astype(onnx.helper.tensor_dtype_to_np_dtype(_element(found.model))))


def _element(model: onnx.ModelProto) -> int:
    return model.graph.input[0].type.tensor_type.elem_type


@pytest.fixture(scope="module")
def rows(variants: dict[str, Variant], tmp_path_factory: pytest.TempPathFactory) -> list[LatencyRow]:
    return time_variants(
        variants,
        tmp_path_factory.mktemp("timing"),
        effort=Effort(calls=20000, warmup=WARMUP, repeats=REPEATS),
        plain="fp32",
    )


def test_latency(rows: list[LatencyRow], variants: dict[str, Variant]) -> None:
    Console(width=160).print(latency_table(rows))
    best = fastest(rows, variants)
    plain = next(row.p50_us for row in rows if row.runner == "session.run")
    for runner, goal in GOALS.items():
        row = next(row for row in rows if (row.variant, row.runner) == (best, runner))
        assert row.ratio is not None
        print(f"{runner}: {row.ratio:.2f} times the floor (goal {goal}), session.run {plain / row.p50_us:.2f} times it")
        assert row.p50_us < plain


def best_rate(command: list[str], variant: Variant, batch: int, workers: int, *, plain: bool = False) -> float:
    return max(throughput(command, variant, batch=batch, workers=workers, seconds=0.5, plain=plain) for _ in range(3))


def test_throughput(rows: list[LatencyRow], variants: dict[str, Variant], tmp_path: Path) -> None:
    variant, commands = variants[fastest(rows, variants)], runner_commands(tmp_path)
    plain = best_rate(commands["python"], variant, 1, 1, plain=True)
    print(f"plain session.run: batch 1, 1 caller: {plain:,.0f}/s")
    for runner, command in commands.items():
        for batch, workers in ((1, 1), (1, 2), (64, 1), (64, 2), (256, 2)):
            rate = best_rate(command, variant, batch, workers)
            print(f"{runner}: batch {batch}, {workers} callers: {rate:,.0f}/s, {rate / plain:.1f} times session.run")
            assert rate > plain or batch == 1
