"""What ONNX Runtime's integer kernels answer to a QDQ or QLinear model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper

from toolchain.errors import ModelError
from toolchain.graph.readers.qdq.lowered import lowered
from toolchain.graph.readers.qdq.runtime import session_of
from toolchain.graph.readers.source import Arrays
from toolchain.graph.refusals import in_our_words

# Vectors at once, where the file leaves the batch free.
_BATCH = 256


def run_reference(model: onnx.ModelProto, feeds: Arrays, keep: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Execute a model with ONNX Runtime's kernels of integers, on the CPU and one thread.

    Args:
        feeds: batches of each input, by its name, shape (N, ...).
        keep: names of other tensors to give.

    Returns:
        All outputs, and those of `keep`, by their names, shape (N, ...).

    Raises:
        ModelError: the model is broken, or ONNX Runtime does not take it.
    """
    whole = lowered(model)
    known = {value.name for value in whole.graph.output}
    whole.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in keep if name not in known)
    session = session_of(whole)
    inputs = session.get_inputs()
    if missing := [i.name for i in inputs if i.name not in feeds]:
        raise ModelError(f"input {missing[0]!r} is given no values")
    rows = len(feeds[inputs[0].name])
    step = _BATCH if all(isinstance(i.shape[0], str) or i.shape[0] is None for i in inputs) else 1
    names = [output.name for output in session.get_outputs()]
    parts = []
    for start in range(0, rows, step):
        chunk = {i.name: np.ascontiguousarray(feeds[i.name][start : start + step]) for i in inputs}
        try:
            parts.append(session.run(names, chunk))
        except Exception as error:  # The binding raises a class of its own for every status.
            raise ModelError(f"ONNX Runtime does not run it: {in_our_words(error)}") from error
    return {name: np.concatenate(found) for name, found in zip(names, zip(*parts, strict=True), strict=True)}
