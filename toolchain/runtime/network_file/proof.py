"""The integer graph of a file held against the file's own framework, on test data or on random inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.errors import ModelError, VerificationError
from toolchain.graph.ops import ArgMax
from toolchain.graph.readers.source import Source
from toolchain.kernels.quick import run
from toolchain.progress import Progress
from toolchain.results.check import Check
from toolchain.results.options import RunOptions
from toolchain.runtime.compare import TOLERANCE, compare, first_difference
from toolchain.runtime.given_data import Data
from toolchain.runtime.integer_proof import must_be_the_model
from toolchain.runtime.meaning import accuracy
from toolchain.runtime.network_file.answer import integers_of, outputs_of
from toolchain.runtime.network_file.layers import first_layer
from toolchain.runtime.network_file.opening import Opened
from toolchain.runtime.proof_vectors import RANDOM_ROWS, Vectors
from toolchain.runtime.rows import Rows, names_of, sides

_BARE = RunOptions("none")

# Elements of all random vectors together, so that large inputs get fewer.
_ELEMENTS = 2**24


@dataclass(frozen=True)
class Proved:
    """A network that answers as its file does.

    Attributes:
        vectors: what it was proved on, in the file's own types and shapes.
        integers: the same as the graph is given them, shape (N, ...), by the names of its inputs.
        outputs: the framework's, shape (N, ...).
        answers: the integer graph's, in the file's own terms, shape (N, ...).
        notice: which vectors the rounding of floats decides in the framework, and why the interpreter answered many
            alone; empty where neither.
    """

    opened: Opened
    vectors: Vectors
    integers: Mapping[str, NDArray[Any]]
    outputs: Rows
    answers: Rows
    check: Check
    notice: str

    @property
    def source(self) -> Source:
        """The network as integers."""
        return self.opened.source

    @property
    def accuracy(self) -> float | None:
        """Share of vectors whose greatest output is the true class; None without classes, or of several outputs."""
        if self.vectors.truth is None or names_of(self.outputs):
            return None
        return accuracy(self.outputs, self.vectors.truth)


def prove(opened: Opened, test: Path | None, progress: Progress, rows: int = RANDOM_ROWS) -> Proved:
    """Compare every output of every vector.

    Args:
        test: npz of `x`, shape (N, ...), and maybe `y`; random vectors over the input's whole range where None.
        rows: of random vectors, at most.

    Raises:
        VerificationError: they differ; names the first vector and output.
        DataError: the test file does not fit the network.
    """
    return prove_on(opened, vectors_for(opened, test, rows), progress)


def vectors_for(opened: Opened, test: Path | None, rows: int = RANDOM_ROWS) -> Vectors:
    """What a file is proved on; see `prove`.

    Raises:
        DataError: the test file does not fit the network.
    """
    source = opened.source
    largest = max(kind.size for kind in source.graph.types.values())
    return Data(test, rows=rows, elements=_ELEMENTS).vectors(opened.feeds, source.answer_size, largest)


def prove_on(opened: Opened, vectors: Vectors, progress: Progress) -> Proved:
    """Compare every output of these vectors; see `prove`.

    Raises:
        VerificationError: they differ; names the first vector and output.
    """
    source = opened.source
    progress(f"{opened.framework} on {len(vectors.x):,} vectors")
    wanted = opened.reference(vectors.x)
    progress(f"the integer graph on {len(vectors.x):,} vectors")
    integers = integers_of(source, vectors.x)
    said: list[str] = []
    got = outputs_of(source, integers, said.append)
    check, notice = _compared(opened, integers, wanted, got, vectors)
    return Proved(opened, vectors, integers, wanted, got, check, "; ".join(filter(None, [notice, *said])))


def _compared(
    opened: Opened,
    integers: Mapping[str, NDArray[Any]],
    wanted: Rows,
    got: Rows,
    vectors: Vectors,
) -> tuple[Check, str]:
    tolerance = 0.0 if all(part.dtype.kind in "iu" for part in sides(wanted)) else TOLERANCE
    if opened.lowered is None:
        must_be_equal(opened, wanted, got, lambda row: _layer(opened, vectors.x, integers, row))
        return Check(len(wanted), len(wanted), "outputs", vectors.kind, tolerance), ""
    notice = as_the_model(
        opened.source,
        integers,
        wanted,
        got,
        opened.lowered,
        vectors.x,
        lambda row: _layer(opened, vectors.x, integers, row),
    )
    apart = int((~compare(got, wanted, _BARE, tolerance=TOLERANCE).near_rows).sum())
    return Check(len(wanted), len(wanted) - apart, "outputs", vectors.kind, tolerance, apart), notice


def _layer(opened: Opened, x: Rows, integers: Mapping[str, NDArray[Any]], row: int) -> str:
    one = {name: values[row : row + 1] for name, values in integers.items()}
    return first_layer(opened, x[row : row + 1], one)


def as_the_model(
    source: Source,
    integers: Mapping[str, NDArray[Any]],
    wanted: Rows,
    got: Rows,
    lowered: onnx.ModelProto,
    x: Rows,
    layer: Callable[[int], str] = lambda row: "",
) -> str:
    """Refuse integers that answer otherwise than a QONNX model, but for the rounding of its floats.

    Args:
        layer: what is said of a vector: which node differs first.

    Returns:
        What that rounding decides; empty where nothing.

    Raises:
        ModelError: names the first vector.
    """
    if wanted.dtype.kind in "iu" and wanted.size == len(wanted):
        return must_be_its_label(source, integers, wanted, layer)
    return must_be_the_model(got, wanted, lowered, x, layer)


def must_be_its_label(
    source: Source,
    integers: Mapping[str, NDArray[Any]],
    wanted: NDArray[Any],
    layer: Callable[[int], str] = lambda row: "",
) -> str:
    """Refuse labels of a file that are no greatest score of its integers, rounding of floats aside.

    Args:
        wanted: the file's labels, one a vector, shape (N, ...).

    Returns:
        How many labels rounding decides between equal scores; empty where none.

    Raises:
        ModelError: names the first vector.
    """
    end = source.graph.outputs[0]
    node = source.graph[end.node]
    name = node.inputs[0] if isinstance(node.op, ArgMax) else end.node
    scores = run(source.graph, integers, [name])[name].reshape(len(wanted), -1).astype(np.float64)
    labels, best = wanted.reshape(len(wanted)).astype(np.int64), scores.max(axis=1)
    inside = (labels >= 0) & (labels < scores.shape[1])
    chosen = np.where(inside, scores[np.arange(len(labels)), np.where(inside, labels, 0)], -np.inf)
    wrong = np.flatnonzero(chosen < best - TOLERANCE * np.abs(best))
    if len(wrong):
        raise ModelError(
            f"the integer network answers {len(wrong):,} of {len(wanted):,} vectors otherwise than the model "
            f"(the first: vector {wrong[0]}){layer(int(wrong[0]))}"
        )
    apart = int((scores.argmax(axis=1) != labels).sum())
    if not apart:
        return ""
    return (
        f"to {apart:,} of {len(wanted):,} vectors the label is decided by float32 rounding between equal scores; "
        "the integer graphs take the first of them"
    )


def must_be_equal(opened: Opened, wanted: Rows, got: Rows, layer: Callable[[int], str] = lambda row: "") -> None:
    """Refuse an integer graph that answers otherwise than its file; see `toolchain.runtime.compare` for what is near.

    Raises:
        VerificationError: names the first vector and output that differ, and what `layer` says of that vector.
    """
    try:
        found = compare(got, wanted, _BARE, tolerance=TOLERANCE)
    except VerificationError as error:
        raise VerificationError(f"the integer graph of {opened.framework}'s network: {error}") from error
    if found.near == found.compared:
        return
    first = int(np.argmin(found.near_rows))
    raise VerificationError(
        f"the integer graph answers {found.compared - found.near:,} of {found.compared:,} vectors otherwise than "
        f"{opened.framework}; the first: {first_difference(wanted, got, [p.name for p in opened.source.outputs])}"
        f"{layer(first)}"
    )
