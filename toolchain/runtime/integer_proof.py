"""The integer network of a model held against the model itself, before anything is held against the integers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from toolchain.errors import ModelError
from toolchain.results.options import RunOptions
from toolchain.runtime.compare import TOLERANCE, compare
from toolchain.runtime.double import double
from toolchain.runtime.rows import Rows, joined, parts_of
from toolchain.runtime.session import open_session, run_session
from toolchain.runtime.span import inputs_of

_BARE = RunOptions("none")

# Vectors that the slow evaluator is given, at most.
_SLOWLY = 32


def must_be_the_model(
    integers: Rows,
    reference: Rows,
    lowered: onnx.ModelProto,
    x: Rows,
    layer: Callable[[int], str] = lambda row: "",
) -> str:
    """Refuse an integer network that answers otherwise than the model, by more than the rounding of floats.

    A float32 sum at the edge of a quantiser's step may fall to its other side by rounding alone. So vectors that differ
    are run once more in float64, which must agree with the integers.

    Args:
        integers: its outputs, scaled, shape (N, classes).
        reference: the model's, shape (N, ...).
        lowered: the model as float operators.
        x: inputs, shape (N, ...).
        layer: what is said of a vector: which node differs first.

    Returns:
        What the person should know: how many vectors the reference's own rounding decides; empty where none.

    Raises:
        ModelError: they differ otherwise; names the first vector.
    """
    found = compare(integers, reference, _BARE, tolerance=TOLERANCE)
    apart = np.flatnonzero(~found.near_rows)
    if not len(apart):
        return ""
    try:
        exact = _exactly(double(lowered), x[apart])
    except ModelError as error:
        raise ModelError(f"{error} (the first: vector {apart[0]}){layer(int(apart[0]))}") from error
    wrong = apart[~compare(integers[apart], exact, _BARE, tolerance=TOLERANCE).near_rows]
    if len(wrong):
        raise ModelError(
            f"the integer network answers {len(wrong):,} of {len(x):,} vectors otherwise than the model "
            f"(the first: vector {wrong[0]}){layer(int(wrong[0]))}"
        )
    return (
        f"{len(apart):,} of {len(x):,} vectors lie on the edge of a quantiser's step, where float32 rounding in the "
        "reference decides; in float64 the model answers as the integer network"
    )


def _exactly(model: onnx.ModelProto, x: Rows) -> Rows:
    """A float64 model's answers; by ONNX's own evaluator where ONNX Runtime has no such kernel, as for convolutions.

    Raises:
        ModelError: neither can run it, or there are too many vectors for the slow one.
    """
    try:
        return run_session(open_session(model, _BARE), x, 1)
    except ModelError:
        if len(x) > _SLOWLY:
            raise ModelError(
                f"the integer network answers {len(x):,} vectors otherwise than the model; too many to run them in "
                "float64"
            ) from None
    names, outputs = ([value.name for value in values] for values in (inputs_of(model), model.graph.output))
    try:
        evaluator, rows = ReferenceEvaluator(model), []
        for row in range(len(x)):
            feeds = {name: part.astype(np.float64) for name, part in parts_of(x[row : row + 1], names).items()}
            rows.append(joined(dict(zip(outputs, map(np.asarray, evaluator.run(None, feeds)), strict=True))))
    except Exception as error:  # The evaluator raises whatever its operators raise.
        raise ModelError(f"the model does not run in float64: {error}") from error
    return np.concatenate(rows)
