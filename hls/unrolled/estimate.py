"""Estimated resources of an unrolled core, from its graphs alone."""

from __future__ import annotations

import numpy as np

from hls.unrolled.cost import total_positions
from hls.unrolled.emit import last_reads
from hls.unrolled.fabric import USUAL, fabric_of
from hls.unrolled.generate import Pipeline, plan_pipeline
from hls.unrolled.lower import LoweredLayer
from hls.unrolled.schedule import Schedule
from hls.unrolled.sharing import signed_digits
from toolchain.graph.dense import LABEL, DenseLayer, DenseNetwork
from toolchain.graph.types import IntType

# LUT positions a bit of a non-zero digit, where a bit saved costs one: half of the least of all networks measured,
# ternary ones and of wide weights.
_LEAST_A_BIT = 0.3
# The result queue and the valid bits.
_FLOW_LUT, _FLOW_FF = 40, 24


def estimate_unrolled(network: DenseNetwork, clock_hz: int, family: str = USUAL) -> dict[str, int]:
    """LUT positions, flip-flops and block RAMs (none) of the network on a device family, pipelined for a clock.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    pipeline = plan_pipeline(network, clock_hz, fabric_of(family))
    return {"lut": round(_positions(pipeline)) + _FLOW_LUT, "ff": _registers(pipeline), "bram": 0}


def least_of_layers(network: DenseNetwork, family: str = USUAL) -> dict[str, int]:
    """LUT positions of each layer that no sharing has been seen to get below, at once: of its digits' bits alone.

    Neurons that are look-up tables are counted exactly as quickly, and have none here.
    """
    each = _LEAST_A_BIT * fabric_of(family).saved_bit

    def bits(layer: DenseLayer) -> int:
        digits = 0 if layer.table is not None else np.count_nonzero(signed_digits(layer.weights))
        return int(digits) * IntType.of(layer.input_type).bits

    return {layer.name: round(each * bits(layer)) for layer in network.layers}


def lut_of_layers(network: DenseNetwork, clock_hz: int, family: str = USUAL) -> dict[str, int]:
    """LUT positions of each layer, by its name; what joins them is left out.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    # Behind the last layer comes the choice of the greatest score.
    names = [*(layer.name for layer in network.layers), LABEL]
    layers = plan_pipeline(network, clock_hz, fabric_of(family)).layers
    return {name: round(_positions_of(layer)) for name, layer in zip(names, layers, strict=True)}


def _positions(pipeline: Pipeline) -> float:
    return sum(map(_positions_of, pipeline.layers))


def _positions_of(layer: LoweredLayer) -> float:
    live = [output for output, wanted in zip(layer.graph.outputs, layer.live, strict=True) if wanted]
    return layer.graph.fabric.mapped * total_positions(layer.graph, live)


def _registers(pipeline: Pipeline) -> int:
    first = pipeline.layers[0].source
    bits = len(first.low) * first.bits + pipeline.latency + _FLOW_FF
    return bits + sum(map(registers_of, pipeline.layers, pipeline.schedules))


def registers_of(layer: LoweredLayer, times: Schedule) -> int:
    """Flip-flops of one scheduled layer."""
    last = last_reads(layer, times)
    return sum((last[i] - times.cycle[i]) * layer.graph.width(i) for i in last)
