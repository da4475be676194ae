"""What a model's outputs mean: values, unless the model or the person says that they are classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.errors import DataError
from toolchain.layout import OutputKind
from toolchain.listed import some
from toolchain.runtime.compare import finite_rows
from toolchain.runtime.graph_index import GraphIndex
from toolchain.runtime.proof_vectors import Vectors
from toolchain.runtime.rows import Rows, names_of

_PASSED_THROUGH = {
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Cast",
    "Transpose",
    "QuantizeLinear",
    "DequantizeLinear",
}
_SCORES = {"Softmax", "LogSoftmax", "Hardmax", "QLinearSoftmax"}
_LABELS = {"ArgMax", "TopK"}


@dataclass(frozen=True)
class Meaning:
    """What outputs are proved as.

    Attributes:
        kind: `classes`: labels must agree; `values`: numbers must.
        why: who says so.
        notice: what the person should know, such as that their classes are not used.
    """

    kind: OutputKind
    why: str
    notice: str = ""


VALUES = Meaning("values", "nothing says that they are classes")


def meaning_of(
    model: onnx.ModelProto, reference: Rows, vectors: Vectors, asked: OutputKind | None = None, last: str = ""
) -> Meaning:
    """What the outputs of a model are.

    Args:
        reference: outputs, shape (N, ...); of several see `toolchain.runtime.rows`.
        vectors: with the class indices that the person gave, if any.
        asked: what the person said outright (OUTPUTS=).
        last: the operator that the first output comes from, where the model itself does not show it.

    Raises:
        DataError: the classes given do not fit, or classes were asked for where there is one output.
    """
    if len(names := names_of(reference)) > 1:
        return _of_several(names, vectors.truth, asked)
    targets_must_fit(vectors, int(np.prod(reference.shape[1:])))
    wide, whole, truth = _classes(reference), _is_one_integer(reference), vectors.truth
    if asked == "classes" and not wide and not whole:
        raise DataError(f"OUTPUTS=classes: the outputs of one vector have shape {reference.shape[1:]}, not (classes,)")
    if asked == "values":
        return Meaning("values", "OUTPUTS=values", "y is not used: OUTPUTS=values" if truth is not None else "")
    if wide:
        must_fit(vectors, wide)
    tail = last or _tail(model)
    if asked == "classes":
        return Meaning("classes", "OUTPUTS=classes")
    if (tail in _SCORES and wide) or (tail in _LABELS and whole):
        return Meaning("classes", f"the model ends in {tail}")
    if truth is not None and wide:
        return Meaning("classes", f"by y of {vectors.option}")
    unused = f"y is not used: outputs of shape {reference.shape[1:]} are no classes" if truth is not None else ""
    return Meaning("values", VALUES.why, unused)


def _of_several(names: Sequence[str], truth: NDArray[np.int64] | None, asked: OutputKind | None) -> Meaning:
    """Outputs of which no one is the answer: every number of each counts."""
    if asked == "classes":
        raise DataError(f"OUTPUTS=classes: the network has {len(names)} outputs ({some(names)}), not one of classes")
    unused = f"y is not used: the network has {len(names)} outputs" if truth is not None else ""
    return Meaning("values", f"there are {len(names)} outputs", unused)


def remarks(meaning: Meaning, reference: Rows) -> list[str]:
    """What the person should know of the outputs."""
    strange = len(reference) - int(finite_rows(reference).sum())
    told = f"the reference answers NaN or infinity to {strange:,} of {len(reference):,} vectors; so must the graphs"
    return [*filter(None, [meaning.notice]), *([told] if strange else [])]


def accuracy(outputs: NDArray[Any], truth: NDArray[np.int64]) -> float:
    """Share of outputs, shape (N, classes) or (N,) labels, whose label is the true one; the first greatest counts."""
    return float((labels_of(outputs) == truth).mean())


def labels_of(outputs: NDArray[Any]) -> NDArray[Any]:
    """Labels, shape (N,), of scores, shape (N, classes), the first greatest; or of labels, shape (N,) or (N, 1)."""
    flat = outputs.reshape(len(outputs), -1)
    labels: NDArray[Any] = flat[:, 0] if flat.shape[1] == 1 else flat.argmax(axis=1)
    return labels


def _classes(reference: NDArray[Any]) -> int:
    """How many classes outputs can be scores of: one row of two or more; 0 where they cannot."""
    wide = reference.shape[1] if reference.ndim > 1 else 0
    return int(wide) if wide > 1 and int(np.prod(reference.shape[1:])) == wide else 0


def _is_one_integer(reference: NDArray[Any]) -> bool:
    return reference.dtype.kind in "iu" and reference.size == len(reference)


def must_fit(vectors: Vectors, classes: int) -> None:
    """Refuse true classes that the network does not have.

    Raises:
        DataError: names the option, the first class and its row.
    """
    truth = vectors.truth if vectors.truth is not None else np.zeros(0, np.int64)
    wrong = np.flatnonzero((truth < 0) | (truth >= classes))
    if len(wrong):
        raise DataError(
            f"{vectors.option}: y holds class {truth[wrong[0]]} in row {wrong[0]}; the model has {classes} outputs: "
            f"should be 0 to {classes - 1}; if the outputs are no classes, leave y out or say OUTPUTS=values"
        )


def targets_must_fit(vectors: Vectors, outputs: int) -> None:
    """Refuse target values of another number than the network's outputs.

    Raises:
        DataError: names the option and both numbers.
    """
    if vectors.targets is None:
        return
    wanted = int(np.prod(vectors.targets.shape[1:]))
    if wanted != outputs:
        raise DataError(
            f"{vectors.option}: y has {wanted:,} values a row; the network has {outputs:,} outputs; true classes are "
            "whole numbers, one a row"
        )


def _tail(model: onnx.ModelProto) -> str:
    """The operator that the first output comes from, past what only moves or scales it; empty where none."""
    graph = GraphIndex(model)
    name = model.graph.output[0].name
    while (node := graph.producers.get(name)) is not None and node.op_type in _PASSED_THROUGH:
        name = node.input[0]
    if node is None or (node.op_type == "TopK" and name != node.output[1]):
        return ""
    return str(node.op_type)
