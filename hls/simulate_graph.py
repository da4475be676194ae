"""Simulation of a graph's core in Verilator: every element of every tensor on its streams against the interpreter's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.netlist import Netlist
from hls.netlist_core import describe
from hls.simulate_stream import CoreSimulation, simulate_stream
from toolchain.graph.deciding import carried, idle_flags
from toolchain.graph.execute import run
from toolchain.graph.graph import Graph
from toolchain.graph.types import Integers

Codes = NDArray[np.int64]


def simulate_graph(
    netlist: Netlist,
    graph: Graph,
    x: Integers,
    rtl_dir: Path,
    work_dir: Path,
    *,
    backpressure_seed: int | None = None,
    optimise: bool = True,
    settings: Mapping[str, int] | None = None,
    toggles: bool = False,
) -> CoreSimulation:
    """Run inputs of shape (vectors, *shape) through a core that `write_core` has written into `rtl_dir`.

    Args:
        settings: values of settings by their names; without one it is as after a reset.

    Raises:
        ModelError: a value does not fit its stream.
        ToolError: Verilator is missing or fails.
    """
    core = describe(netlist)
    given = settings or {}
    core = replace(core, settings=tuple(replace(one, reset=given.get(one.name, one.reset)) for one in core.settings))
    names = [*(layer.name for layer in core.layers[:-1]), netlist.output.stream.tensor or ""]
    flags = sorted({flag for found in idle_flags(graph).values() for flag in found})
    tensors = run(graph, {graph.sole_input: x}, [*names, *flags])
    # One after the other: codes of all tensors at once would take gigabytes.
    expected = (codes(graph, name, tensors[name]) for name in names)
    entered = codes(graph, graph.sole_input, x)
    return simulate_stream(
        core,
        rtl_dir,
        entered,
        expected,
        work_dir,
        carried=[carried(graph, tensors, name) for name in names],
        backpressure_seed=backpressure_seed,
        optimise=optimise,
        toggles=toggles,
    )


def codes(graph: Graph, tensor: str, values: Integers) -> Codes:
    """Codes on the wires of a tensor's values, shape (vectors, elements)."""
    element = graph.types[tensor].element
    return (values.reshape(len(values), -1).astype(np.int64) - element.low) // element.step
