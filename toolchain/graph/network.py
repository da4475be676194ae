"""The integer network: what the streamlined ONNX file says, as plain numpy, and its exact executor.

This is the reference for every later stage. Each layer type is one frozen dataclass; `IntegerNetwork`
chains them. All arithmetic is integer; see `DenseLayer.accumulate` for why BLAS is still exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import ModelError
from toolchain.graph.limits import datatype

Integers = NDArray[np.int64]

# Integers of smaller magnitude than this are exact in a float64 product or sum.
_EXACT_FLOAT64 = 2**53


@dataclass(frozen=True)
class DenseLayer:
    """Integer matrix product, followed (except in the last layer) by a MultiThreshold.

    Attributes:
        name: the MatMul node's name in the integer graph.
        weights: shape (inputs, outputs).
        input_type, weight_type, output_type: qonnx DataType names ("BINARY", "UINT8", "INT2", "BIPOLAR").
        thresholds: shape (outputs, levels), ascending along levels, or None: the layer yields accumulators.
        out_scale, out_bias: the output is ``out_scale * sum(accumulator >= thresholds) + out_bias``.
    """

    name: str
    weights: Integers
    input_type: str
    weight_type: str
    output_type: str
    thresholds: Integers | None = None
    out_scale: int = 1
    out_bias: int = 0

    @property
    def inputs(self) -> int:
        """Number of input elements."""
        return int(self.weights.shape[0])

    @property
    def outputs(self) -> int:
        """Number of neurons."""
        return int(self.weights.shape[1])

    def accumulator_range(self) -> tuple[Integers, Integers]:
        """Least and greatest accumulator of each neuron over all inputs of the input type, shape (outputs,)."""
        low, high = type_range(self.input_type)
        positive, negative = np.maximum(self.weights, 0).sum(0), np.minimum(self.weights, 0).sum(0)
        return positive * low + negative * high, positive * high + negative * low

    def accumulate(self, x: Integers) -> Integers:
        """Accumulators, shape (batch, outputs), of inputs of shape (batch, inputs).

        The product runs in float64 BLAS, which is exact: every partial sum is an integer below 2**53.
        """
        low, high = self.accumulator_range()
        if max(int(-low.min()), int(high.max())) >= _EXACT_FLOAT64:
            raise ModelError(f"{self.name}: accumulators need more than 53 bits; use narrower weights or inputs")
        return (x.astype(np.float64) @ self.weights.astype(np.float64)).astype(np.int64)

    def activate(self, accumulators: Integers) -> Integers:
        """Layer outputs of accumulators, shape (batch, outputs); the accumulators where there are no thresholds."""
        if self.thresholds is None:
            return accumulators
        counts = np.zeros_like(accumulators)
        for level in range(self.thresholds.shape[1]):
            counts += accumulators >= self.thresholds[:, level]
        return self.out_scale * counts + self.out_bias


@dataclass(frozen=True)
class Execution:
    """All results of a batch: each layer's outputs (the last one's are the logits) and the labels."""

    layers: tuple[Integers, ...]
    labels: Integers

    @property
    def logits(self) -> Integers:
        """Integer logits, shape (batch, classes)."""
        return self.layers[-1]


@dataclass(frozen=True)
class IntegerNetwork:
    """A chain of integer layers that ends in an argmax; the first of equal logits wins.

    Attributes:
        logit_scale, logit_offset: the float network's logits are ``logit_scale * integer logits + logit_offset``.
    """

    layers: tuple[DenseLayer, ...]
    logit_scale: float = 1.0
    logit_offset: float = 0.0

    @property
    def input_type(self) -> str:
        """DataType name of the network's input elements."""
        return self.layers[0].input_type

    @property
    def inputs(self) -> int:
        """Number of input elements."""
        return self.layers[0].inputs

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.layers[-1].outputs

    def run(self, x: NDArray[np.generic]) -> Execution:
        """Execute integer inputs of shape (batch, inputs) exactly.

        Raises:
            ModelError: a value is none of the input type, for which neither widths nor thresholds were made.
        """
        _must_be_of(self.input_type, np.asarray(x))
        values: Integers = np.asarray(x, dtype=np.int64)
        results = []
        for layer in self.layers:
            values = layer.activate(layer.accumulate(values))
            results.append(values)
        return Execution(tuple(results), values.argmax(axis=1).astype(np.int64))


def type_range(name: str) -> tuple[int, int]:
    """Least and greatest value of an integer qonnx DataType, by name.

    Raises:
        ModelError: the type is not an integer type.
    """
    known = datatype("the integer network", name)
    if not known.is_integer():
        raise ModelError(f"{name} is not an integer type; streamline the graph first")
    return int(known.min()), int(known.max())


def _must_be_of(name: str, x: NDArray[Any]) -> None:
    (low, high), bipolar = type_range(name), name == "BIPOLAR"
    if not x.size or (x.dtype.kind in "iub" and not bipolar and low <= int(x.min()) and int(x.max()) <= high):
        return  # So are all test sets; it takes no memory for them.
    # A bipolar value is -1 or +1, never 0; every other type holds all integers of its range.
    wrong = ~((x >= low) & (x <= high)) | ((x == 0) if bipolar else (x != np.rint(x)))
    if wrong.any():
        place = np.unravel_index(int(np.argmax(wrong)), x.shape)
        what = "-1 or +1" if bipolar else f"whole numbers from {low} to {high}"
        raise ModelError(f"input {', '.join(map(str, place))} is {x[place]}; the network takes {name}: {what}")


def type_bits(name: str) -> int:
    """Width in bits of a qonnx DataType, by name."""
    return int(datatype("the integer network", name).bitwidth())
