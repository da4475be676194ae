"""How many vectors a graph is given at once: as many as bring profit, and no more than memory is sure to hold."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper

from toolchain.errors import ModelError
from toolchain.graph.refusals import in_our_words
from toolchain.results.options import RunOptions
from toolchain.runtime.rows import Rows
from toolchain.runtime.session import fed, open_session

THROUGHPUT_BATCH = 64
"""Vectors at once for throughput, where memory allows."""

# Of one tensor of all vectors; ONNX Runtime holds several at a time.
_MOST_BYTES = 2**27


def batches_of(model: onnx.ModelProto, x: Rows) -> tuple[int, ...]:
    """Vectors at once with which a package runs a graph: one for latency, and many for throughput where that may be.

    Args:
        x: inputs, shape (N, ...), N above 0.
    """
    return tuple(sorted({1, throughput_batch(model, x)}))


def throughput_batch(model: onnx.ModelProto, x: Rows) -> int:
    """`THROUGHPUT_BATCH`, or the power of two that keeps the model's largest tensor within 128 MiB.

    One where the model cannot be run on one vector. Of `x`, see `batches_of`.
    """
    try:
        fitting = _MOST_BYTES // max(1, _largest(model, x[:1]))
    except ModelError:
        return 1
    return min(THROUGHPUT_BATCH, 1 << max(1, fitting).bit_length() - 1)


def _largest(model: onnx.ModelProto, one: Rows) -> int:
    """Bytes of the largest tensor that its nodes make of one vector, counted in a run that keeps them all.

    Raises:
        ModelError: ONNX Runtime cannot run it.
    """
    session = open_session(_with_all_tensors(model), RunOptions("none"))
    try:
        found = session.run(None, fed(session, one))
    except Exception as error:  # The binding raises a class of its own for every status.
        raise ModelError(f"one vector: {in_our_words(error)}") from error
    return max(value.nbytes for value in found if isinstance(value, np.ndarray))


def _with_all_tensors(model: onnx.ModelProto) -> onnx.ModelProto:
    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    names = {name for node in whole.graph.node for name in node.output if name}
    names -= {value.name for value in whole.graph.output}
    whole.graph.output.extend(map(helper.make_empty_tensor_value_info, sorted(names)))
    return whole
