"""The values that a quantiser can yield: whole multiples of its unit, from the least to the greatest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import NodeProto
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.limits import MAX_BITS, MAX_LEVELS
from toolchain.graph.model_file import Floats
from toolchain.graph.qonnx_nodes import QUANTISERS
from toolchain.graph.quantiser import Quantising
from toolchain.graph.readers.qonnx.slopes import attribute, quantising
from toolchain.graph.readers.qonnx.steps import ROOT, Parameter, Reals, Step
from toolchain.graph.types import Integers

GRIDS = QUANTISERS | {"MultiThreshold", "Trunc", "Round", "Floor", "Ceil"}
"""Operators behind which a tensor is whole multiples of a unit."""


@dataclass(frozen=True)
class Grid:
    """``unit * (step * code + least)`` for codes 0 to `levels`; `levels` is None where the input's range decides.

    Attributes:
        unit: shape (channels or 1,), positive.
    """

    where: str
    unit: Reals
    least: int = 0
    step: int = 1
    levels: int | None = None

    def integers(self, values: Floats) -> Integers:
        """Whole multiples of the unit that values of shape (rows, channels) are.

        Raises:
            ModelError: they are none, or none of the grid's.
        """
        whole = np.rint(values.astype(np.float64) / self.unit)
        if not np.isfinite(whole).all() or np.abs(whole).max(initial=0) >= 2.0**MAX_BITS:
            raise ModelError(f"{self.where}: yields values that are not finite, or need more than {MAX_BITS} bits")
        found: Integers = whole.astype(np.int64)
        return found

    def codes(self, values: Floats) -> Integers:
        """Codes of values of shape (rows, channels)."""
        found = (self.integers(values) - self.least) // self.step
        if self.levels is None or (found.size and (found.min() < 0 or found.max() > self.levels)):
            raise ModelError(f"{self.where}: yields values that the quantiser has not")
        return found

    def between(self, low: int, high: int) -> Grid:
        """With the ends that are reached, where the operator has none.

        Raises:
            ModelError: there are more codes than a channel can have.
        """
        least, levels = (low, high - low) if self.levels is None else (self.least, self.levels)
        if levels > MAX_LEVELS:
            raise ModelError(f"{self.where}: {levels + 1:,} values; {MAX_LEVELS + 1:,} at most; use fewer bits")
        return Grid(self.where, self.unit, least, self.step, max(levels, 1))


def grid_of(step: Step) -> Grid:
    """What a step of `GRIDS` yields.

    Raises:
        ModelError: a parameter is none that thresholds can express; names the node and the value.
    """
    kind = step.node.op_type
    if kind == "MultiThreshold":
        return _of_thresholds(step)
    if kind == "Trunc":
        return _of_trunc(step)
    return _of_quantiser(step.where, quantising(step)) if kind in QUANTISERS else Grid(step.where, np.ones(1))


def unit_of(model: ModelWrapper, node: NodeProto) -> Reals:
    """What one unit of a quantiser's integers is worth, shape (channels,) or (1,).

    Args:
        node: of `GRIDS`, with constant parameters.

    Raises:
        ModelError: see `grid_of`.
    """
    parameters = (Parameter(np.asarray(model.get_initializer(name))) for name in node.input[1:])
    return grid_of(Step(node, (ROOT, *parameters))).unit


def _of_quantiser(where: str, said: Quantising) -> Grid:
    said.datatype  # noqa: B018  a width that is no whole number is refused here
    zero = np.unique(said.zero)
    if zero.size != 1 or zero[0] != np.rint(zero[0]):
        raise ModelError(f"{where}: zero point {zero[0]:g}; one whole number for all channels is supported")
    scale = np.asarray(said.scale, np.float64).reshape(-1)
    if np.unique(np.sign(scale)).size != 1:
        raise ModelError(f"{where}: scales of both signs; make them all positive")
    step = 2 if said.bipolar else 1
    ends = sorted(np.sign(scale[0]) * (end - float(zero[0])) for end in (said.least, said.greatest))
    return Grid(where, np.abs(scale), int(ends[0]), step, int(ends[1] - ends[0]) // step)


def _of_trunc(step: Step) -> Grid:
    """Trunc yields multiples of its scale, of the second version of its output scale; nothing bounds the first's."""
    values = [a.values for a in step.arguments if isinstance(a, Parameter)]
    if len(values) not in (4, 5):
        raise ModelError(f"{step.where}: {len(step.arguments)} inputs; 5 or 6 constants are expected")
    if np.any(values[1]):
        raise ModelError(f"{step.where}: zero point {np.ravel(values[1])[0]:g}; only 0 is supported")
    scale = np.abs(np.asarray(values[0 if len(values) == 4 else 3], np.float64).reshape(-1))
    if not np.isfinite(scale).all() or not scale.all():
        raise ModelError(f"{step.where}: its scale should be finite and other than 0")
    return Grid(step.where, scale)


def _of_thresholds(step: Step) -> Grid:
    """A MultiThreshold yields ``out_scale * count + out_bias``; its unit is such that both are whole."""
    thresholds = step.arguments[1]
    if not isinstance(thresholds, Parameter) or np.ndim(thresholds.values) != 2:
        raise ModelError(f"{step.where}: thresholds must be a constant of shape (channels, levels)")
    scale, bias = (float(attribute(step, name, default)) for name, default in (("out_scale", 1.0), ("out_bias", 0.0)))
    for unit in (1, 2):
        least = bias * unit / scale if scale > 0 else np.nan
        if least == np.rint(least) and abs(least) < 2 ** (MAX_BITS - 1):
            return Grid(step.where, np.full(1, scale / unit), int(least), unit, int(thresholds.values.shape[1]))
    raise ModelError(
        f"{step.where}: out_scale {scale:g}, out_bias {bias:g}; a positive scale and a bias of whole or half scales "
        "are supported"
    )
