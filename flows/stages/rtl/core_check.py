"""Runs a generated core in Verilator, and holds every element of every layer against the integer network's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flows.stages import files
from flows.stages.context import Context
from hls.simulate import simulate_core
from hls.simulate_stream import CoreSimulation
from toolchain.errors import VerificationError
from toolchain.graph.dense import DenseNetwork
from toolchain.results.check import Check, VectorKind
from toolchain.results.facts import SimulateFacts
from toolchain.results.facts.hardware import WayCycles

STALLED_VECTORS = 1000
SEED = 1


@dataclass(frozen=True)
class CoreChecks:
    """What the runs came to.

    Attributes:
        whole: of the test set, or of as many of its vectors as a large core was run on.
        stalled: with random back-pressure.
        vectors: size of the test set; `kind`: what its vectors are.
        ways: clocks of inferences that one stage answers, by stage, of a network that decides.
        widths: runs at each percent of the channels, of a network whose width is chosen.
    """

    whole: CoreSimulation
    stalled: CoreSimulation
    vectors: int
    kind: VectorKind = "test set"
    ways: tuple[WayCycles, ...] = ()
    widths: Mapping[int, CoreSimulation] = field(default_factory=dict)

    @property
    def checks(self) -> dict[str, Check]:
        """Counts of all runs."""
        each = {f"width {width:3} %": self._check(ran) for width, ran in self.widths.items()}
        return {"test set": self._check(self.whole), "back-pressure": self._check(self.stalled), **each}

    def resting(self, latency_cycles: int) -> CoreChecks:
        """The same with the latency that the chip counts in a core that rests."""
        return replace(self, whole=replace(self.whole, latency_cycles=latency_cycles))

    @property
    def facts(self) -> SimulateFacts:
        """Cycles, as simulated."""
        facts = cycles_of(self.whole)
        return facts.model_copy(update={"ways": self.ways}) if self.ways else facts

    @property
    def summary(self) -> str:
        """The key figures in a few words."""
        whole = self.whole
        rate = whole.compared / max(whole.seconds, 1e-6)
        cycles = f"{whole.latency_cycles} cycles latency, one every {whole.initiation_interval}"
        what = "RTL = integer, every element of every layer"
        part = "" if whole.compared == self.vectors else f", spread over all {self.vectors:,}"
        vectors = "random vectors" if self.kind == "random" else "test vectors"
        each = ", ".join(f"{ran.equal:,} at {width} %" for width, ran in self.widths.items())
        widths = f"; by width {each}" if each else ""
        return f"{what}, on {whole.equal:,} of {whole.compared:,} {vectors}{part} ({rate:,.0f}/s){widths}; {cycles}"

    def _check(self, simulation: CoreSimulation) -> Check:
        return Check(simulation.compared, simulation.equal, "layers", self.kind)


def check_core(context: Context, chip: files.Chip, network: DenseNetwork, work: Path) -> CoreChecks:
    """Run the whole test set, and a part of it with random back-pressure: that to the last table of an unrolled core.

    Raises:
        VerificationError: a result differs; names the first input, layer and element.
    """
    x = files.golden_inputs(context)
    context.progress(f"core: {len(x):,} vectors")
    whole = simulate_core(chip.core, network, chip.rtl, x, work, quick=True)
    must_agree("core", whole)
    context.progress("core: with back-pressure")
    some = spread(x, STALLED_VECTORS)
    stalled = simulate_core(chip.core, network, chip.rtl, some, work, backpressure_seed=SEED)
    must_agree("core with back-pressure", stalled)
    return CoreChecks(whole, stalled, len(x), files.vector_kind(context))


def cycles_of(simulation: CoreSimulation) -> SimulateFacts:
    """Latency and interval in clock cycles."""
    return SimulateFacts(latency_cycles=simulation.latency_cycles, initiation_interval=simulation.initiation_interval)


def must_agree(what: str, simulation: CoreSimulation) -> None:
    """Refuse a simulation with a difference.

    Raises:
        VerificationError: names the first.
    """
    if simulation.first_difference:
        count = f"{simulation.compared - simulation.equal} of {simulation.compared} inputs differ"
        raise VerificationError(f"{what}: {simulation.first_difference} ({count})")


def spread(x: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """`count` rows spread evenly over all, or all where there are fewer."""
    chosen = np.linspace(0, len(x) - 1, min(count, len(x))).round().astype(int)
    rows: NDArray[np.uint8] = x[chosen]
    return rows
