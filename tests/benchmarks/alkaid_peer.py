"""The same integer network through alkaid, da4ml's successor: its own optimiser and its own Verilog."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolchain.graph.dense import DenseNetwork
from toolchain.graph.types import IntType

PYTHON = os.environ.get("GATEWEAVE_BENCH_ALKAID") or (importlib.util.find_spec("alkaid") and sys.executable)
"""What runs it; nothing where it is not installed."""

TOP = "peer"

_BUILD = """
import sys
from pathlib import Path
import numpy as np
from alkaid.codegen import RTLModel
from alkaid.trace import FVArray, HWConfig, trace

folder, fuse = Path(sys.argv[1]), sys.argv[2] == "fuse"
given, hardware = np.load(folder / "network.npz"), HWConfig(1, -1, -1)
ones = np.ones(len(given["w0"]))
inputs = values = FVArray.from_lhs(given["low"] * ones, given["high"] * ones, ones, hwconf=hardware)
for index in range(int(given["layers"])):
    values = values @ given[f"w{index}"].astype(np.float64)
    if f"t{index}" in given:
        rows = given[f"t{index}"].astype(np.float64)
        reached = [[total - cut >= 0 for cut in row] for total, row in zip(values, rows)]
        counts = [sum(levels[1:], start=levels[0]) for levels in reached]
        values = FVArray(np.array(counts, dtype=object), hwconf=hardware)
logic = trace(inputs, values)
RTLModel(logic, folder, "peer", latency_cutoff=2, print_latency=False, ternary_fuse=fuse).write()
np.save(folder / "logits.npy", np.asarray(logic.predict(given["x"].astype(np.float64))).astype(np.int64))
"""


@dataclass(frozen=True)
class Peer:
    """alkaid's design of the layers up to the logits (it has no argmax here).

    Attributes:
        sources: Verilog files; stages: of its pipeline, two adder levels each.
        logits: what its own interpreter computes of the inputs given.
    """

    sources: list[Path]
    stages: int
    logits: NDArray[np.int64]


def build(network: DenseNetwork, x: NDArray[np.int64], folder: Path, *, fuse: bool) -> Peer:
    """Write alkaid's Verilog.

    Args:
        fuse: whether it adds three words at once where it can (its default).
    """
    assert PYTHON, "alkaid is not installed: `pip install -r requirements-bench.txt`"
    folder.mkdir(parents=True, exist_ok=True)
    low, high = IntType.of(network.input_type).ends
    given = {"low": low, "high": high, "layers": len(network.layers), "x": x}
    for index, layer in enumerate(network.layers):
        given[f"w{index}"] = layer.weights
        if layer.thresholds is not None:
            given[f"t{index}"] = layer.thresholds
    np.savez(folder / "network.npz", **given)  # type: ignore[arg-type]
    command = [PYTHON, "-c", _BUILD, str(folder), "fuse" if fuse else "pairs"]
    subprocess.run(command, check=True, capture_output=True)
    sources = [path for path in sorted((folder / "src").rglob("*.v")) if "wrapper" not in path.name]
    stages = sum(path.stem.removeprefix("logic").isdigit() for path in sources)
    return Peer(sources, stages, np.load(folder / "logits.npy"))
