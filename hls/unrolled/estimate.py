"""Estimated resources of an unrolled core, from its graphs alone."""

from __future__ import annotations

from hls.unrolled.cost import total_positions
from hls.unrolled.emit import last_reads
from hls.unrolled.fabric import fabric_of
from hls.unrolled.generate import Pipeline, plan_pipeline
from hls.unrolled.lower import LoweredLayer
from hls.unrolled.schedule import Schedule
from toolchain.graph.dense import LABEL, DenseNetwork

# Measured LUT positions (LUT4 + 2 CCU2C, yosys synth_ecp5 -abc9) over the positions that the graphs add up to.
_MAPPED = 1.03
# The result queue and the valid bits.
_FLOW_LUT, _FLOW_FF = 40, 24


def estimate_unrolled(network: DenseNetwork, clock_hz: int, family: str = "ecp5") -> dict[str, int]:
    """LUT positions, flip-flops and block RAMs (none) of the network on a device family, pipelined for a clock.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    pipeline = plan_pipeline(network, clock_hz, fabric_of(family))
    return {"lut": round(_MAPPED * _positions(pipeline)) + _FLOW_LUT, "ff": _registers(pipeline), "bram": 0}


def lut_of_layers(network: DenseNetwork, clock_hz: int, family: str = "ecp5") -> dict[str, int]:
    """LUT positions of each layer, by its name; what joins them is left out.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    # Behind the last layer comes the choice of the greatest score.
    names = [*(layer.name for layer in network.layers), LABEL]
    layers = plan_pipeline(network, clock_hz, fabric_of(family)).layers
    return {name: round(_MAPPED * _positions_of(layer)) for name, layer in zip(names, layers, strict=True)}


def _positions(pipeline: Pipeline) -> float:
    return sum(map(_positions_of, pipeline.layers))


def _positions_of(layer: LoweredLayer) -> float:
    live = [output for output, wanted in zip(layer.graph.outputs, layer.live, strict=True) if wanted]
    return total_positions(layer.graph, live)


def _registers(pipeline: Pipeline) -> int:
    first = pipeline.layers[0].source
    bits = len(first.low) * first.bits + pipeline.latency + _FLOW_FF
    return bits + sum(map(registers_of, pipeline.layers, pipeline.schedules))


def registers_of(layer: LoweredLayer, times: Schedule) -> int:
    """Flip-flops of one scheduled layer."""
    last = last_reads(layer, times)
    return sum((last[i] - times.cycle[i]) * layer.graph.width(i) for i in last)
