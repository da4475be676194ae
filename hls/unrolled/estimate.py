"""Estimated resources of an unrolled core, from its graphs alone."""

from __future__ import annotations

from hls.unrolled.cost import total_positions
from hls.unrolled.emit import last_reads
from hls.unrolled.generate import Pipeline, plan_pipeline
from hls.unrolled.lower import LoweredLayer
from hls.unrolled.schedule import Schedule
from toolchain.graph.dense import DenseNetwork

# Measured LUT positions (LUT4 + 2 CCU2C, yosys synth_ecp5 -abc9) over the positions that the graphs add up to.
_MAPPED = 1.03
# The result queue and the valid bits.
_FLOW_LUT, _FLOW_FF = 40, 24


def estimate_unrolled(network: DenseNetwork, clock_hz: int) -> dict[str, int]:
    """LUT positions, flip-flops and block RAMs (none) of the network, pipelined for a clock.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    pipeline = plan_pipeline(network, clock_hz)
    return {"lut": round(_MAPPED * _positions(pipeline)) + _FLOW_LUT, "ff": _registers(pipeline), "bram": 0}


def _positions(pipeline: Pipeline) -> float:
    total = 0.0
    for layer in pipeline.layers:
        live = [output for output, wanted in zip(layer.graph.outputs, layer.live, strict=True) if wanted]
        total += total_positions(layer.graph, live)
    return total


def _registers(pipeline: Pipeline) -> int:
    first = pipeline.layers[0].source
    bits = len(first.low) * first.bits + pipeline.latency + _FLOW_FF
    return bits + sum(map(registers_of, pipeline.layers, pipeline.schedules))


def registers_of(layer: LoweredLayer, times: Schedule) -> int:
    """Flip-flops of one scheduled layer."""
    last = last_reads(layer, times)
    return sum((last[i] - times.cycle[i]) * layer.graph.width(i) for i in last)
