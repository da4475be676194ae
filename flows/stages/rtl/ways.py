"""The ways in which an inference goes through a core of units: what works for each, and how many clocks each takes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hls.cost import BlockRam
from hls.simulate_stream import CoreSimulation
from toolchain.graph.deciding import first_stages, numbers_of
from toolchain.graph.execute import run_one
from toolchain.graph.graph import Graph
from toolchain.graph.types import Integers
from toolchain.results.facts.hardware import WayCycles, WayWork
from toolchain.results.folding import FoldedUnits, StageFolding

VECTORS = 8
"""Inferences of one way that are simulated one behind the other."""

MULTIPLIER_BITS = 36
"""Of the product of a device's multiplier of 18 by 18 bits."""


def work_of(form: Graph, folding: FoldedUnits, block: BlockRam) -> tuple[WayWork, ...]:
    """What works for each stage, those before it included; of all units, for a network that does not decide.

    Args:
        form: the graph whose tensors the folded units yield.
        block: the device's block RAM, which yields a word at most.
    """
    first, word = first_stages(form), max(bits for _, bits in block.shapes)
    ways = []
    for stage in range(max(1, len(numbers_of(form)))):
        units = [unit for unit in folding.stages if first[unit.tensor] <= stage]
        ways.append(
            WayWork(
                kind="estimated",
                units=len(units),
                interval=max(unit.cycles for unit in units),
                clocks=sum(unit.cycles for unit in units),
                switched_bits=sum(unit.cycles * _output_bits(unit, word) for unit in units),
            )
        )
    return tuple(ways)


def cycles_of_ways(form: Graph, x: Integers, simulate: Callable[[Integers], CoreSimulation]) -> tuple[WayCycles, ...]:
    """The clocks of inferences that one stage answers, for each stage; of any, for a network that does not decide.

    Args:
        x: inputs of which a few are taken.
        simulate: runs some of them, one behind the other.
    """
    if not numbers_of(form):
        return (_cycles(x, simulate),)
    answered = run_one(form, x, [form.outputs[0].node])[form.outputs[0].node][:, -1]
    return tuple(_cycles(x[answered == number], simulate) for number in numbers_of(form))


def _cycles(x: Integers, simulate: Callable[[Integers], CoreSimulation]) -> WayCycles:
    if not len(x):
        return WayCycles(kind="simulated", vectors=0, latency_cycles=None, interval=None, toggles=None)
    some: NDArray[np.generic] = x[:VECTORS]
    return cycles_as(simulate(some))


def cycles_as(ran: CoreSimulation) -> WayCycles:
    """The clocks that a run of inferences of one way has told."""
    return WayCycles(
        kind="simulated",
        vectors=ran.compared,
        latency_cycles=ran.latency_cycles,
        interval=ran.initiation_interval,
        toggles=None if ran.toggles is None else round(ran.toggles / ran.inferences),
    )


def _output_bits(unit: StageFolding, word: int) -> int:
    return unit.lut + unit.ff + MULTIPLIER_BITS * unit.dsp + word * unit.bram
