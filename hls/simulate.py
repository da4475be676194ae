"""Simulation of a dense chain's core: every element of every layer, and the class, against the integer executor's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hls.simulate_stream import CoreSimulation, simulate_stream
from hls.stream import PLAIN, StreamCore
from hls.unrolled.places import ON_CHAIN, SUMS
from toolchain.graph.dense import DenseNetwork
from toolchain.graph.types import IntType
from toolchain.results.core import CoreDescription, Tap

# Unrolled adder trees run about twice as fast as loops over their nodes.
_FLAGS = ("-Wno-WIDTH", "--unroll-count", "4096", "--unroll-stmts", "1000000")


def simulate_core(
    core: CoreDescription,
    network: DenseNetwork,
    rtl_dir: Path,
    x: NDArray[np.generic],
    work_dir: Path,
    *,
    backpressure_seed: int | None = None,
    optimise: bool = True,
    quick: bool = False,
) -> CoreSimulation:
    """Run all inputs of shape (vectors, inputs) through the core in Verilator; see `simulate_stream`.

    Args:
        quick: where the core adds in tables on carry chains, simulate sums in their place, which it has as well.

    Raises:
        ToolError: Verilator is missing or fails.
    """
    execution = network.run(x)
    expected = (*execution.layers, execution.labels[:, None])
    return simulate_stream(
        streams_of(core),
        rtl_dir,
        x,
        expected,
        work_dir,
        backpressure_seed=backpressure_seed,
        optimise=optimise,
        flags=(*_FLAGS, f"-D{SUMS}") if quick and ON_CHAIN in core.sources else _FLAGS,
    )


def streams_of(core: CoreDescription) -> StreamCore:
    """The core's input, its layers, and what it answers with."""
    kind, answer = IntType.of(core.input_type), core.output
    lanes, signed = core.in_width // kind.bits, kind.low < 0 and kind.step == 1
    # BIPOLAR elements are bits.
    scale, offset = (1, 0) if kind.step == 1 else (kind.step, kind.low)
    source = Tap("input", "in", core.in_beats * lanes, kind.bits, signed, lanes, core.in_width, scale, offset)
    name = "answer" if answer.classes is None else "class"
    sink = Tap(name, "out", answer.elements, answer.bits, answer.signed, answer.elements_per_beat, answer.width)
    layers = (*core.layers, sink)
    return StreamCore(core.top, core.sources, source, layers, core.initiation_interval, PLAIN, label=name)
