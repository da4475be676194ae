"""A model in another opset, held against the model itself: a conversion may break it, or change its answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from toolchain.errors import ModelError, VerificationError
from toolchain.graph.lower import opset_of, to_opset
from toolchain.results.options import RunOptions
from toolchain.runtime.batch import throughput_batch
from toolchain.runtime.compare import TOLERANCE, compare
from toolchain.runtime.session import open_session, run_session

_BARE = RunOptions("none")


def within(
    model: onnx.ModelProto, least: int, most: int, x: NDArray[np.generic], reference: NDArray[Any]
) -> onnx.ModelProto:
    """The model in its own opset where that is in range, else in the nearest that is.

    Args:
        x: inputs, shape (N, ...), that a converted model is compared on.
        reference: the model's own answers, shape (N, ...).

    Raises:
        ModelError: the converter cannot do it, or its result answers otherwise than the model; says which opset to use.
    """
    given = opset_of(model)
    opset = min(max(given, least), most)
    result = to_opset(model, opset)
    if opset != given:
        try:
            _must_answer_alike(result, x, reference)
        except (ModelError, VerificationError) as error:
            raise ModelError(
                f"the conversion from opset {given} to {opset} breaks it: {error}; export it with opset {opset}"
            ) from error
    return result


def _must_answer_alike(model: onnx.ModelProto, x: NDArray[np.generic], reference: NDArray[Any]) -> None:
    answers = run_session(open_session(model, _BARE), x, throughput_batch(model, x))
    found = compare(answers, reference, _BARE, tolerance=TOLERANCE)
    if found.near != found.compared:
        raise ModelError(f"{found.compared - found.near:,} of {found.compared:,} vectors are answered otherwise")
