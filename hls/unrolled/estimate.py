"""Estimated resources of an unrolled core, from its graphs alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hls.unrolled.emit import last_reads
from hls.unrolled.fabric import USUAL, fabric_of
from hls.unrolled.generate import Pipeline, plan_pipeline
from hls.unrolled.lower import LoweredLayer
from hls.unrolled.memories import roms_of
from hls.unrolled.schedule import Schedule
from hls.unrolled.sharing import signed_digits
from toolchain.graph.dense import LABEL, DenseLayer, DenseNetwork
from toolchain.graph.types import IntType

# LUT positions a bit of a non-zero digit, where a bit saved costs one: half of the least of all networks measured,
# ternary ones and of wide weights.
_LEAST_A_BIT = 0.3
# The result queue and the valid bits.
_FLOW_LUT = 40
# Address bits of a queue up to which synthesis makes it of flip-flops.
_SMALL_QUEUE = 2


def estimate_unrolled(network: DenseNetwork, clock_hz: int, family: str = USUAL, blocks: int = 0) -> dict[str, int]:
    """LUT positions, flip-flops and block RAMs of the network on a device family, pipelined for a clock.

    Args:
        blocks: block RAMs that neurons may take.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    return estimate_of(plan_pipeline(network, clock_hz, fabric_of(family), blocks))


def estimate_of(pipeline: Pipeline) -> dict[str, int]:
    """LUT positions, flip-flops and block RAMs of a pipeline."""
    taken = sum(len(roms_of(layer.graph)) for layer in pipeline.layers)
    return {
        "lut": round(sum(layer.positions for layer in pipeline.layers)) + _FLOW_LUT,
        "ff": _registers(pipeline),
        "bram": taken,
    }


def least_of_layers(network: DenseNetwork, family: str = USUAL) -> dict[str, int]:
    """LUT positions of each layer that no sharing has been seen to get below, at once: of its digits' bits alone.

    Neurons that are look-up tables are counted exactly as quickly, and have none here.
    """
    each = _LEAST_A_BIT * fabric_of(family).saved_bit

    def bits(layer: DenseLayer) -> int:
        digits = 0 if layer.table is not None else np.count_nonzero(signed_digits(layer.weights))
        return int(digits) * IntType.of(layer.input_type).bits

    return {layer.name: round(each * bits(layer)) for layer in network.layers}


def lut_of_digits(digits: int, outputs: int, bits: int) -> float:
    """LUT positions of a product, at once: of its non-zero digits, its outputs and the bits of an input.

    Fitted to 88 lowered products of 20 to 2,000 digits; of nine in ten this is 0.85 to 1.2 times the LUTs.
    """
    return float(1.48 * max(1, digits - outputs) ** 0.87 * (bits + 1) * outputs**0.1)


@dataclass(frozen=True)
class UnrolledUse:
    """What a layer takes: LUT positions, and block RAMs with so many of its neurons."""

    lut: int
    blocks: int
    tables: int


def use_of_layers(network: DenseNetwork, clock_hz: int, family: str = USUAL, blocks: int = 0) -> dict[str, UnrolledUse]:
    """What each layer takes, by its name, with neurons in so many block RAMs at most; what joins them is left out.

    Raises:
        ModelError: a layer that the hardware cannot compute.
    """
    return uses_of(network, plan_pipeline(network, clock_hz, fabric_of(family), blocks))


def uses_of(network: DenseNetwork, pipeline: Pipeline) -> dict[str, UnrolledUse]:
    """What each layer of a network's pipeline takes, by its name."""
    # Behind the last layer comes the choice of the greatest score.
    names = [*(layer.name for layer in network.layers), LABEL]
    return {name: _use_of(layer) for name, layer in zip(names, pipeline.layers, strict=True)}


def _use_of(layer: LoweredLayer) -> UnrolledUse:
    roms = roms_of(layer.graph)
    return UnrolledUse(round(layer.positions), len(roms), sum(len(rom.tables) for rom in roms))


def _registers(pipeline: Pipeline) -> int:
    return _flow_registers(pipeline) + sum(map(registers_of, pipeline.layers, pipeline.schedules))


def _flow_registers(pipeline: Pipeline) -> int:
    """Flip-flops of the valid bits and the queue: two addresses, two counts, and places if they are few."""
    address = pipeline.latency.bit_length()
    places = pipeline.layers[-1].result.bits << address if address <= _SMALL_QUEUE else 0
    return pipeline.latency + 4 * address + 2 + places


def registers_of(layer: LoweredLayer, times: Schedule) -> int:
    """Flip-flops of one scheduled layer."""
    last = last_reads(layer, times)
    return sum((last[i] - times.cycle[i]) * layer.graph.width(i) for i in last)
