"""The same integer network through da4ml: its own optimiser and its own Verilog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from da4ml.codegen import VerilogModel
from da4ml.trace import FixedVariableArray, HWConfig, comb_trace
from numpy.typing import NDArray

from toolchain.graph.dense import DenseLayer, DenseNetwork
from toolchain.graph.types import IntType


@dataclass(frozen=True)
class Peer:
    """da4ml's design of the layers up to the logits (it has no argmax here).

    Attributes:
        sources: Verilog files; latency: pipeline stages; model: for `predict`.
    """

    sources: list[Path]
    latency: int
    model: VerilogModel

    def logits(self, x: NDArray[np.int64]) -> NDArray[np.int64]:
        """What da4ml's own interpreter computes."""
        return np.asarray(self.model._solution.predict(x.astype(np.float64))).astype(np.int64)


TOP = "da4ml_network"


def build(network: DenseNetwork, folder: Path, levels_a_stage: float) -> Peer:
    """Write da4ml's Verilog, pipelined after every `levels_a_stage` adder levels."""
    low, high = IntType.of(network.input_type).ends
    ones, hardware = np.ones(network.inputs), HWConfig(1, -1, -1)
    inputs = FixedVariableArray.from_lhs(low * ones, high * ones, ones, hwconf=hardware)
    values = inputs
    for layer in network.layers:
        values = _activate(values @ layer.weights.astype(np.float64), layer, hardware)
    model = VerilogModel(comb_trace(inputs, values), TOP, folder, latency_cutoff=levels_a_stage, print_latency=False)
    model.write()
    # lookup_table.v is not used by these designs, and yosys can't read it.
    skipped = {"lookup_table.v", f"{TOP}_wrapper.v"}
    sources = [path for path in sorted((folder / "src").rglob("*.v")) if path.name not in skipped]
    return Peer(sources, len(model._pipe.solutions), model)


def _activate(sums: FixedVariableArray, layer: DenseLayer, hardware: HWConfig) -> FixedVariableArray:
    if layer.thresholds is None:
        return sums
    counts = [
        sum((sums[neuron] - float(cut) >= 0 for cut in cuts[1:]), start=sums[neuron] - float(cuts[0]) >= 0)
        for neuron, cuts in enumerate(layer.thresholds.tolist())
    ]
    return FixedVariableArray(np.array(counts, dtype=object), hwconf=hardware)
