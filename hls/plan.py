"""The shape of each folded layer's hardware, shared by the cost model and the generator so that they cannot differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from hls.arithmetic import LayerArithmetic
from toolchain.errors import ModelError


@dataclass(frozen=True)
class LayerPlan:
    """One folded layer.

    Attributes:
        pe, simd: neurons and inputs that work in parallel.
        arriving: elements a beat of the stream that feeds the layer.
        lanes: neurons whose accumulators are thresholded (or, in the last layer, compared) at a time.
    """

    arithmetic: LayerArithmetic
    pe: int
    simd: int
    arriving: int
    lanes: int

    @property
    def beats(self) -> int:
        """Beats of one input vector."""
        return self.arithmetic.layer.inputs // self.simd

    @property
    def folds(self) -> int:
        """Groups of neurons that follow one another."""
        return self.arithmetic.layer.outputs // self.pe

    @property
    def cycles(self) -> int:
        """Clock cycles an inference takes in this layer."""
        return self.beats * self.folds

    @property
    def weight_word(self) -> int:
        """Bits of one word of the weight ROM."""
        return self.pe * self.simd * self.arithmetic.weight_bits

    @property
    def levels(self) -> int:
        """Thresholds of a neuron; 0 in the last layer."""
        thresholds = self.arithmetic.thresholds
        return 0 if thresholds is None else int(thresholds.shape[1])

    @property
    def search(self) -> bool:
        """Whether there is time to find each count by binary search with one comparator."""
        codes = self.arithmetic.outputs
        return codes is not None and self.levels > 1 and self.lanes == 1 and self.pe * codes.bits <= self.beats


@cache
def divisors(number: int) -> tuple[int, ...]:
    """All divisors in ascending order."""
    return tuple(d for d in range(1, number + 1) if number % d == 0)


def integer_ratio(one: int, other: int) -> bool:
    """Whether a width converter can join streams of these numbers of elements a beat."""
    return one % other == 0 or other % one == 0


def output_lanes(pe: int, beats: int, next_simd: int | None) -> int | None:
    """Fewest lanes that keep up with the unit and suit the next layer; None where none do.

    Args:
        pe: neurons in parallel.
        beats: cycles between the unit's output beats.
        next_simd: elements a beat that the next layer reads; None in the last layer, whose argmax reads one.
    """
    if next_simd is None:
        return 1
    fitting = (d for d in divisors(pe) if pe // d <= beats and integer_ratio(d, next_simd))
    return next(fitting, None)


def plan_layers(arithmetic: Sequence[LayerArithmetic], parallelism: Sequence[tuple[int, int]]) -> tuple[LayerPlan, ...]:
    """Plans of all layers for their (PE, SIMD).

    Raises:
        ModelError: a PE or SIMD that does not divide its layer, or streams that no width converter can join.
    """
    plans: list[LayerPlan] = []
    arriving = parallelism[0][1]
    for i, (layer, (pe, simd)) in enumerate(zip(arithmetic, parallelism, strict=True)):
        dense = layer.layer
        if dense.outputs % pe or dense.inputs % simd:
            raise ModelError(
                f"{dense.name}: PE {pe} must divide {dense.outputs} outputs and SIMD {simd} {dense.inputs} inputs"
            )
        next_simd = parallelism[i + 1][1] if i + 1 < len(parallelism) else None
        lanes = output_lanes(pe, dense.inputs // simd, next_simd)
        if lanes is None:
            raise ModelError(f"{dense.name}: PE {pe} and the next layer's SIMD {next_simd} need an integer ratio")
        plans.append(LayerPlan(layer, pe, simd, arriving, lanes))
        arriving = lanes
    return tuple(plans)


def interval(plans: Sequence[LayerPlan]) -> int:
    """Clock cycles between inferences: the slowest layer, or the argmax, which reads a logit a cycle.

    Exact: each layer's double buffer hides how unevenly the one before it yields, and `output_lanes` and
    `LayerPlan.search` keep all that lies between two units as fast as the units.
    """
    return max(plans[-1].arithmetic.layer.outputs, *(plan.cycles for plan in plans))
