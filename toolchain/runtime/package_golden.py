"""Golden vectors of a package: inputs, and the outputs of the reference, as raw bytes that any program reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.device.ort.golden import TYPES
from toolchain.errors import ModelError
from toolchain.files import write_atomic
from toolchain.results.check import VectorKind
from toolchain.results.device import GoldenSide, GoldenVectors
from toolchain.runtime.compare import magnitudes
from toolchain.runtime.rows import Rows, elements, sides

FOLDER = "golden"

_ONNX_NAMES = {"float32": "float", "float64": "double"}


def onnx_type(array: NDArray[Any]) -> str:
    """ONNX's name of an array's element type, such as "float" or "uint8".

    Raises:
        ModelError: a type that the self-test on the device cannot read.
    """
    name = _ONNX_NAMES.get(array.dtype.name, array.dtype.name)
    if name not in TYPES:
        raise ModelError(f"golden vectors: {array.dtype}: should be one of {', '.join(TYPES)}")
    return name


def choose_vectors(total: int, wanted: int) -> NDArray[np.int64]:
    """Which vectors of a test set go into a package: spread evenly, so that every class that is not rare is among them.

    Returns:
        Ascending numbers, `wanted` of them or all.
    """
    count = min(total, wanted)
    return np.arange(count, dtype=np.int64) * total // count


def write_golden(
    package: Path,
    inputs: Rows,
    outputs: Rows,
    classes: Sequence[str] = (),
    kind: VectorKind = "test set",
    stages: Sequence[float] = (),
) -> GoldenVectors:
    """Write inputs, outputs and the outputs' magnitudes to `golden/`; returns what device.json says of them.

    Args:
        inputs: (vectors, ...) as the reference takes them.
        outputs: (vectors, ...) as it answers.
        classes: names of the classes in the order of the outputs, where they are classes.
        kind: which vectors they are.
        stages: what stands at the end of an answer by its stage, of a network of several.

    Raises:
        ModelError: an element type that the device cannot read, or other than one output row a vector.
    """
    if len(inputs) != len(outputs) or not len(inputs):
        raise ModelError(f"golden vectors: {len(inputs)} inputs, {len(outputs)} outputs: should be as many, and some")
    arrays = {"inputs": inputs, "outputs": outputs, "magnitudes": magnitudes(outputs)}
    names = {name: f"{FOLDER}/{name}.bin" for name in arrays}
    for key, array in arrays.items():
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        write_atomic(package / names[key], little.tobytes())
    return GoldenVectors(
        **names,
        vectors=len(inputs),
        rows={"inputs": _sides(inputs), "outputs": _sides(outputs)},
        classes=tuple(classes),
        kind=kind,
        stages=tuple(stages),
    )


def _sides(rows: Rows) -> tuple[GoldenSide, ...]:
    return tuple(GoldenSide(type=onnx_type(part), elements=elements(part)) for part in sides(rows))
