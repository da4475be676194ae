"""The integer network as layers of codes: integer matrix, integer bias, one step a neuron, rounding, clipping.

Thresholds are what hardware wants; ONNX Runtime has no operator for them. Thresholds that come from a uniform
quantiser are those of ``clip(round((accumulator + bias) / step), 0, levels)``, ties to even as ONNX rounds. The bias,
whole in units of the weights or of a finer grid, and the step are found again from the thresholds alone, and hold for
every value that the accumulator can take. Where no such bias exists the network is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.dense import DenseLayer, DenseNetwork, Integers
from toolchain.graph.types import IntType
from toolchain.listed import some

Reals = NDArray[np.float64]

# Steps tried first: with a power of two, every value on the way is exact in float32.
_POWERS = [2.0**exponent for exponent in range(-6, 21)]
# Finer bias grids tried where no integer bias fits: weights are multiplied by as much, up to a magnitude whose products
# with a byte do not saturate in pairs of 16 bits (x86 without VNNI).
_GRIDS = (1, 2, 4, 8, 16, 32)
_WIDEST = 63


@dataclass(frozen=True)
class CodeLayer:
    """``code = clip(rint((x @ weights + bias) / step), 0, levels)``; the last layer's accumulators are the logits.

    Attributes:
        weights: integers, shape (inputs, outputs).
        bias: integers, shape (outputs,).
        step: accumulator units of one code, positive, shape (outputs,).
        levels: greatest code; None in the last layer.
    """

    weights: Integers
    bias: Integers
    step: Reals
    levels: int | None


@dataclass(frozen=True)
class CodeNetwork:
    """A chain of code layers: ``logits = logit_scale * accumulators + logit_offset``.

    Attributes:
        low, high: range of the integer inputs.
    """

    layers: tuple[CodeLayer, ...]
    low: int
    high: int
    logit_scale: float
    logit_offset: float

    @property
    def inputs(self) -> int:
        """Number of input elements."""
        return int(self.layers[0].weights.shape[0])

    @property
    def classes(self) -> int:
        """Number of logits."""
        return int(self.layers[-1].weights.shape[1])

    @property
    def largest_sum(self) -> int:
        """Bound of every partial sum's magnitude in any layer, in accumulator units."""
        bound, tops = 0, [max(-self.low, self.high), *[int(layer.levels or 0) for layer in self.layers]]
        for layer, top in zip(self.layers, tops, strict=False):
            bound = max(bound, int((np.abs(layer.weights).sum(0) * top + np.abs(layer.bias)).max()))
        return bound


def code_network(network: DenseNetwork) -> CodeNetwork:
    """The same network in codes; neurons that never change are folded into the next layer's bias.

    Raises:
        ModelError: a layer's thresholds are not those of one step and a whole bias.
    """
    layers: list[CodeLayer] = []
    unit, least, keep, carry = 1, 0, np.ones(network.inputs, np.bool_), np.zeros(network.inputs, np.int64)
    for layer in network.layers:
        # What enters is `unit * code + least`, and `carry` where a neuron is gone.
        bias = (np.where(keep, least, carry) @ layer.weights).astype(np.int64)
        weights = (unit * layer.weights)[keep]
        if layer.thresholds is None:
            layers.append(CodeLayer(weights, bias, np.ones(layer.outputs), None))
            break
        constant, values = _constants(layer)
        alive = ~constant if not constant.all() else np.arange(layer.outputs) == 0
        layers.append(_fit_layer(layer, weights[:, alive], bias[alive], alive))
        unit, least, keep = layer.out_scale, layer.out_bias, alive
        carry = layer.out_scale * values + layer.out_bias
    low, high = IntType.of(network.input_type).ends
    return CodeNetwork(tuple(layers), low, high, network.logit_scale, network.logit_offset)


def _constants(layer: DenseLayer) -> tuple[NDArray[np.bool_], Integers]:
    """Which neurons yield one code for every input, and that code, shapes (outputs,)."""
    assert layer.thresholds is not None
    low, high = layer.accumulator_range()
    reached = layer.thresholds <= low[:, None]
    never = layer.thresholds > high[:, None]
    constant: NDArray[np.bool_] = np.all(reached | never, axis=1)
    return constant, reached.sum(axis=1).astype(np.int64)


def _fit_layer(layer: DenseLayer, weights: Integers, bias: Integers, alive: NDArray[np.bool_]) -> CodeLayer:
    assert layer.thresholds is not None
    low, high = (bound[alive] for bound in layer.accumulator_range())
    grid, offset, step = fit(layer.thresholds[alive], low, high, int(np.abs(weights).max(initial=1)))
    if (grid == 0).any():
        neuron = int(np.flatnonzero(alive)[int(np.flatnonzero(grid == 0)[0])])
        raise ModelError(
            f"{layer.name}: neuron {neuron}: no step with a whole bias has its thresholds "
            f"({some(layer.thresholds[neuron].tolist())}); train it with scales that are powers of two"
        )
    # `fit` speaks of the plain accumulator, before `bias` was split off.
    return CodeLayer(weights * grid, bias * grid + offset, step, int(layer.thresholds.shape[1]))


def fit(thresholds: Integers, low: Integers, high: Integers, largest: int) -> tuple[Integers, Integers, Reals]:
    """Grid, offset and step of each neuron: ``code = rint((grid * accumulator + offset) / step)``, clipped.

    Args:
        thresholds: shape (neurons, levels), ascending.
        low, high: accumulator range, shape (neurons,).
        largest: greatest magnitude among the weights, which the grid multiplies.

    Returns:
        (grid, offset, step), each of shape (neurons,); the grid is 0 where nothing fits.
    """
    count = len(thresholds)
    grid, offset, step = np.zeros(count, np.int64), np.zeros(count, np.int64), np.ones(count)
    for power in _POWERS:
        least, greatest = _offsets(thresholds, low, high, power)
        hit = (grid == 0) & (least <= greatest)
        grid[hit], step[hit] = 1, power
        offset[hit] = np.clip(0, least, greatest)[hit]
    for neuron in np.flatnonzero(grid == 0):
        found = _fit_any(thresholds[neuron], int(low[neuron]), int(high[neuron]), largest)
        if found is not None:
            grid[neuron], offset[neuron], step[neuron] = found
    return grid, offset, step


def _offsets(thresholds: Integers, low: Integers, high: Integers, step: float) -> tuple[Integers, Integers]:
    """Least and greatest integer offset of each neuron that keeps all its thresholds with this step."""
    code = np.arange(1, thresholds.shape[1] + 1)
    even = code % 2 == 0
    edge = (code - 0.5) * step
    # A value exactly between two codes goes to the even one: edges of even codes are reached, odd ones passed.
    first = np.maximum(thresholds, low[:, None])
    reach = np.where(even, np.ceil(edge - first), np.floor(edge - first) + 1)
    reach = np.where(thresholds > high[:, None], -np.inf, reach)
    before = np.minimum(thresholds - 1, high[:, None])
    below = np.where(even, np.ceil(edge - before) - 1, np.floor(edge - before))
    below = np.where(thresholds <= low[:, None], np.inf, below)
    bound = 2.0**40
    least = np.clip(reach.max(axis=1), -bound, bound).astype(np.int64)
    greatest = np.clip(below.min(axis=1), -bound, bound).astype(np.int64)
    return least, greatest


def _fit_any(thresholds: Integers, low: int, high: int, largest: int) -> tuple[int, int, float] | None:
    """Grid, offset and any real step for one neuron, with the widest room around its thresholds."""
    inner = [(k + 1, int(t)) for k, t in enumerate(thresholds) if low < t <= high]
    (first, start), (last, end) = inner[0], inner[-1]
    about = (end - start) / max(last - first, 1)
    codes, edges = np.array([k for k, _ in inner]) - 0.5, np.array([t for _, t in inner], np.float64)
    for grid in _GRIDS:
        if grid * largest > _WIDEST:
            return None
        middle = grid * (codes[0] * about - start + 0.5)
        reach = grid * (int(about) + 3)
        offsets = np.rint(middle) + np.arange(-reach, reach + 1)
        upper = ((grid * edges + offsets[:, None]) / codes).min(axis=1)
        lower = ((grid * (edges - 1) + offsets[:, None]) / codes).max(axis=1)
        upper, lower = _outer(thresholds, low, high, grid, offsets, upper, lower)
        room = np.where(lower > 0, upper / np.maximum(lower, 1e-30), 0.0)
        best = int(room.argmax())
        if room[best] > 1 + 1e-6:
            return grid, int(offsets[best]), float(np.sqrt(upper[best] * lower[best]))
    return None


def _outer(
    thresholds: Integers, low: int, high: int, grid: int, offsets: Reals, upper: Reals, lower: Reals
) -> tuple[Reals, Reals]:
    """Bounds of the step from thresholds that are always or never reached."""
    always, never = int((thresholds <= low).sum()), int((thresholds > high).sum())
    if always:
        upper = np.minimum(upper, (grid * low + offsets) / (always - 0.5))
    if never:
        lower = np.maximum(lower, (grid * high + offsets) / (len(thresholds) - never + 0.5))
    return upper, lower


def run_codes(network: CodeNetwork, x: NDArray[np.generic]) -> Integers:
    """Integer logits of inputs of shape (N, inputs), in float64: what every graph should yield, before scaling."""
    values = np.asarray(x, np.float64)
    for layer in network.layers:
        sums = values @ layer.weights.astype(np.float64) + layer.bias
        if layer.levels is None:
            return sums.astype(np.int64)
        values = np.clip(np.rint(sums / layer.step), 0, layer.levels)
    raise ModelError("the network has no last layer")
