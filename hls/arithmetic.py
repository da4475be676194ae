"""The exact numbers of a layer's hardware: unsigned wire codes, accumulator widths, clamped thresholds.

On every wire between layers an activation is its code ``c``, the count of reached thresholds; the executor's value
is ``v = scale*c + offset``. A signed network input travels in offset binary. So all operands are unsigned, and what
scale, offset and the inverted operands of negative weights add to a neuron is a constant that its thresholds (in the
last layer its bias) absorb: ``executor's accumulator = scale*S + constant``, ``S`` the hardware's accumulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.dense import DenseLayer, DenseNetwork
from toolchain.graph.types import IntType

Integers = NDArray[np.int64]


class WeightKind(IntEnum):
    """How a weight is stored and applied; the value is the parameter WEIGHT_KIND of ``mvu.v``."""

    BIPOLAR = 0
    TERNARY = 1
    INTEGER = 2


@dataclass(frozen=True)
class Codes:
    """Unsigned codes 0 to `largest` on a wire; the executor's value is ``scale * code + offset``."""

    largest: int
    scale: int
    offset: int
    bits: int


@dataclass(frozen=True)
class LayerArithmetic:
    """What the hardware of one layer computes.

    Attributes:
        inputs: the codes it reads.
        outputs: the codes it yields, or None for the last layer, which yields two's complement logits.
        kind, weight_bits: storage of the weights.
        accumulator_bits: width of an accumulator; of a logit in the last layer.
        initial: what each accumulator starts from, where there is no bias.
        scale: factor on every sum (1, except in the last layer).
        bias: shape (outputs,), start of each accumulator in the last layer, else None.
        thresholds: shape (outputs, levels), clamped to what the accumulator can reach, else None.
        threshold_bits: width of a threshold.
        never: shape (outputs,), a threshold that no accumulator of the neuron reaches.
    """

    layer: DenseLayer
    inputs: Codes
    outputs: Codes | None
    kind: WeightKind
    weight_bits: int
    accumulator_bits: int
    initial: int
    scale: int
    bias: Integers | None
    thresholds: Integers | None
    threshold_bits: int
    never: Integers

    def sum_bits(self, simd: int) -> int:
        """Width of the sum of `simd` terms, no wider than the accumulator it is added to needs."""
        weights, largest = self.layer.weights, self.inputs.largest
        if self.kind is WeightKind.INTEGER:
            low, high = min(0, int(weights.min())), max(0, int(weights.max()))
            return min(signed_bits(simd * low * largest, simd * high * largest), self.accumulator_bits)
        full = unsigned_bits(simd * ((1 << self.inputs.bits) - 1))
        return max(self.inputs.bits, min(full, self.accumulator_bits))


def unsigned_bits(value: int) -> int:
    """Bits of an unsigned value, at least 1."""
    return max(1, int(value).bit_length())


def signed_bits(low: int, high: int) -> int:
    """Bits of a two's complement number that holds both bounds, at least 1."""
    return max((~int(low)).bit_length() if low < 0 else 0, int(high).bit_length() if high > 0 else 0) + 1


def analyse(network: DenseNetwork) -> tuple[LayerArithmetic, ...]:
    """Arithmetic of every layer.

    Raises:
        ModelError: a layer that this hardware cannot compute; the message names it.
    """
    codes = input_codes(network.input_type)
    result = []
    for position, layer in enumerate(network.layers):
        last = position == len(network.layers) - 1
        if layer.table is not None:
            raise ModelError(
                f"{layer.name}: its neurons are look-up tables, which the folded generator does not make; use "
                "STRATEGY=unrolled"
            )
        if last != (layer.thresholds is None):
            raise ModelError(
                f"{layer.name}: every layer but the last needs thresholds and the last none; streamline the graph"
            )
        result.append(_last(layer, codes) if last else _hidden(layer, codes))
        codes = result[-1].outputs or codes
    return tuple(result)


def must_be_computable(layer: DenseLayer) -> None:
    """Refuse what neither generator computes.

    Raises:
        ModelError: the weights are too wide, or the outputs fall; names the layer.
    """
    if layer.table is None:
        _weight_storage(layer)
    if layer.thresholds is not None:
        _must_rise(layer)


def input_codes(type_name: str) -> Codes:
    """Codes of the network's input elements (see `input_flip` for signed ones)."""
    low, high = IntType.of(type_name).ends
    bits = IntType.of(type_name).bits
    if type_name == "BIPOLAR":
        return Codes(1, 2, -1, 1)
    return Codes(high - low, 1, low, bits) if low < 0 else Codes(high, 1, 0, bits)


def signed_input(type_name: str) -> bool:
    """Whether input elements arrive in two's complement, so that the core must flip their top bits."""
    return type_name != "BIPOLAR" and IntType.of(type_name).low < 0


def _hidden(layer: DenseLayer, codes: Codes) -> LayerArithmetic:
    kind, weight_bits = _weight_storage(layer)
    low, high, constant = _sums(layer, codes, kind)
    initial = -int(low.min()) if kind is WeightKind.INTEGER else 0
    low, high, constant = low + initial, high + initial, constant - codes.scale * initial
    thresholds = _clamped(layer, codes.scale, low, high, constant)
    bits = unsigned_bits(int(high.max()))
    outputs = _output_codes(layer, thresholds.shape[1])
    # A search over a table of 2**bits - 1 levels fills it up with a threshold that is never reached.
    padded = outputs.largest + 1 < 1 << outputs.bits
    padding = unsigned_bits(int(high.max()) + 1) if padded else 1
    return LayerArithmetic(
        layer=layer,
        inputs=codes,
        outputs=outputs,
        kind=kind,
        weight_bits=weight_bits,
        accumulator_bits=bits,
        initial=initial,
        scale=1,
        bias=None,
        thresholds=thresholds,
        threshold_bits=max(bits, unsigned_bits(int(thresholds.max())), padding),
        never=high + 1,
    )


def _last(layer: DenseLayer, codes: Codes) -> LayerArithmetic:
    kind, weight_bits = _weight_storage(layer)
    low, high, constant = _sums(layer, codes, kind)
    constant = constant + layer.biases
    logit_low, logit_high = codes.scale * low + constant, codes.scale * high + constant
    return LayerArithmetic(
        layer=layer,
        inputs=codes,
        outputs=None,
        kind=kind,
        weight_bits=weight_bits,
        accumulator_bits=signed_bits(int(logit_low.min()), int(logit_high.max())),
        initial=0,
        scale=codes.scale,
        bias=constant if constant.any() else None,
        thresholds=None,
        threshold_bits=0,
        never=high + 1,
    )


def _output_codes(layer: DenseLayer, levels: int) -> Codes:
    _must_rise(layer)
    return Codes(levels, layer.out_scale, layer.out_bias, unsigned_bits(levels))


def _must_rise(layer: DenseLayer) -> None:
    if layer.out_scale <= 0:
        raise ModelError(
            f"{layer.name}: out_scale {layer.out_scale} must be positive; negate the next layer's weights instead"
        )


def _weight_storage(layer: DenseLayer) -> tuple[WeightKind, int]:
    values = set(np.unique(layer.weights).tolist())
    if values <= {-1, 1}:
        return WeightKind.BIPOLAR, 1
    if values <= {-1, 0, 1}:
        return WeightKind.TERNARY, 2
    bits = signed_bits(min(values), max(values))
    if bits > 9:
        raise ModelError(f"{layer.name}: weights of {bits} bits; the hardware takes 8 bits or fewer")
    return WeightKind.INTEGER, bits


def _sums(layer: DenseLayer, codes: Codes, kind: WeightKind) -> tuple[Integers, Integers, Integers]:
    """Least and greatest hardware sum of each neuron, and the constant: executor's = scale*sum + constant."""
    positive = np.maximum(layer.weights, 0).sum(0)
    negative = np.maximum(-layer.weights, 0).sum(0)
    constant = codes.offset * (positive - negative)
    if kind is WeightKind.INTEGER:
        return -negative * codes.largest, positive * codes.largest, constant
    inverted = (1 << codes.bits) - 1
    low = negative * (inverted - codes.largest)
    high = positive * codes.largest + negative * inverted
    return low, high, constant - codes.scale * inverted * negative


def _clamped(layer: DenseLayer, scale: int, low: Integers, high: Integers, constant: Integers) -> Integers:
    """Thresholds on the hardware's accumulator; always reached becomes `low`, never reached ``high + 1``.

    Where a layer has no levels each neuron gets one that is never reached: its code is 0 all the same.
    """
    assert layer.thresholds is not None
    if layer.thresholds.shape[1] == 0:
        return high[:, None] + 1
    exact = np.sort(-((constant[:, None] - layer.thresholds) // scale), axis=1)
    return np.clip(exact, low[:, None], high[:, None] + 1)
