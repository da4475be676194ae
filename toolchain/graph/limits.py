"""How wide the integers of a network may be: bounds that hold before anything is computed from a width.

A width is a number in a file that nobody vouches for. ``2 ** width`` of a great one takes all memory, and what is no
whole number has no integer type.
"""

from __future__ import annotations

import math
import re

import onnx
from qonnx.core.datatype import BaseDataType, DataType

from toolchain.errors import ModelError

MAX_BITS = 32
"""Widest integer that a quantiser or an annotation may name."""

MAX_LEVELS = 2**16 - 1
"""Most thresholds of one neuron: those of 16 bits."""

_WIDTHS = re.compile(r"(?:U?INT|SCALEDINT<|FIXED<|FLOAT<)(\d+)")


def whole_width(where: str, bits: float) -> int:
    """A bit width as an integer.

    Args:
        where: what has it, for the message.

    Raises:
        ModelError: it is no whole number from 1 to `MAX_BITS`.
    """
    checked_width(where, bits)
    if bits != int(bits):
        raise ModelError(f"{where}: a width of {bits:g} bits is no whole number; use 1 to {MAX_BITS}")
    return int(bits)


def checked_width(where: str, bits: float) -> float:
    """A bit width that may be a fraction, as qonnx allows.

    Raises:
        ModelError: it is not from 1 to `MAX_BITS`.
    """
    if not (math.isfinite(bits) and 1 <= bits <= MAX_BITS):
        raise ModelError(f"{where}: a width of {bits:g} bits; use 1 to {MAX_BITS}")
    return bits


def datatype(where: str, name: str) -> BaseDataType:
    """The qonnx DataType of a name.

    Args:
        where: what has it, for the message.

    Raises:
        ModelError: there is none of that name, or it is wider than `MAX_BITS`.
    """
    width = _WIDTHS.match(name)
    # Compared as text first: an integer of many digits is slow to read.
    if width and (len(width[1]) > 4 or not 1 <= int(width[1]) <= MAX_BITS):
        raise ModelError(f"{where}: data type {name[:40]!r}: its width should be 1 to {MAX_BITS} bits")
    try:
        return DataType[name]
    except (KeyError, ValueError, TypeError, AssertionError, AttributeError, IndexError) as error:
        raise ModelError(f"{where}: unknown data type {name[:40]!r}; known are INT8, UINT4, BIPOLAR, ...") from error


def check_annotations(model: onnx.ModelProto) -> None:
    """Check the data types that a model's tensors are annotated with.

    Raises:
        ModelError: see `datatype`; or a tensor is annotated twice. Names the tensor.
    """
    seen: set[str] = set()
    for annotation in model.graph.quantization_annotation:
        if annotation.tensor_name in seen:
            raise ModelError(f"tensor {annotation.tensor_name!r} is annotated twice; leave one annotation")
        seen.add(annotation.tensor_name)
        for entry in annotation.quant_parameter_tensor_names:
            if entry.key == "finn_datatype":
                datatype(f"tensor {annotation.tensor_name!r}", entry.value)
