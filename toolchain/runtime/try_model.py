"""Trying a model nobody vouches for, in a bounded process: its shapes, and a run on zeros and on random vectors."""

from __future__ import annotations

import numpy as np
import onnx
from onnx.inliner import inline_local_functions

from toolchain.errors import ModelError, first_line
from toolchain.graph.qonnx_nodes import is_qonnx
from toolchain.graph.refusals import in_our_words
from toolchain.results.options import RunOptions
from toolchain.runtime.feeds import feeds_of
from toolchain.runtime.inspect_model import Limits, check_size
from toolchain.runtime.proof_vectors import random_vectors
from toolchain.runtime.session import fixed_batch, open_session, run_session

# Random vectors; what a model does may depend on its input's values, such as how often a Loop goes round.
_VECTORS = 4


def try_model(model: onnx.ModelProto, limits: Limits) -> None:
    """Infer shapes and run a checked model.

    Raises:
        ModelError: it does not run, or answers with too much.
    """
    _check_shapes(model, limits)
    _run(_plain(model), limits)


def inlined(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its local functions written out, and without the domains that only they used.

    Raises:
        ModelError: ONNX's own inliner cannot do it.
    """
    if not model.functions:
        return model
    try:
        result = inline_local_functions(model)
    except Exception as error:  # The binding raises plain RuntimeError, and classes of its own.
        raise ModelError(f"its functions cannot be inlined: {first_line(error)}; export plain operators") from error
    domains = {function.domain for function in model.functions}
    kept = [entry for entry in result.opset_import if entry.domain not in domains]
    del result.opset_import[:]
    result.opset_import.extend(kept)
    return result


def _plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """What ONNX Runtime runs: QONNX's quantisers become float operators."""
    if not is_qonnx(model):
        return model
    # qonnx takes a while to import.
    from toolchain.graph.lower import lower, qonnx_opset, tidy

    return lower(tidy(model), qonnx_opset(model))


def _check_shapes(model: onnx.ModelProto, limits: Limits) -> None:
    """Tensors inside the model, as far as their shapes can be known, are no larger than allowed."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    try:
        inferred = onnx.shape_inference.infer_shapes(copy, data_prop=True)
    except Exception as error:  # onnx raises classes of its own, and plain RuntimeError.
        raise ModelError(f"its shapes contradict each other: {first_line(error)}") from error
    for value in inferred.graph.value_info:
        sizes = [d.dim_value if d.HasField("dim_value") else 1 for d in value.type.tensor_type.shape.dim]
        check_size(value.name, sizes, limits)


def _run(model: onnx.ModelProto, limits: Limits) -> None:
    # Optimiser passes may break a valid model; which ones do is found where it is proved.
    session = open_session(model, RunOptions("none"))
    sources = session.get_inputs()
    for source in sources:
        if not source.shape:
            raise ModelError(f"input {source.name} is a scalar, or has no shape; its first axis should be the batch")
        check_size(source.name, [size if isinstance(size, int) and size > 0 else 1 for size in source.shape], limits)
    rows, feeds = fixed_batch(session) or 1, feeds_of(model, session)
    zeros = {feed.name: np.zeros((rows, *feed.shape), feed.kind) for feed in feeds}
    try:
        answers = session.run(None, zeros)
    except Exception as error:  # As in `open_session`.
        raise ModelError(f"does not run on zeros: {in_our_words(error)}") from error
    for answer in answers:
        _must_be_rows(answer, rows)
    run_session(session, random_vectors(feeds, max(_VECTORS, rows)).x, 1)


def _must_be_rows(answer: object, vectors: int) -> None:
    if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "fiub" or not answer.size:
        raise ModelError("its output is no tensor of numbers, or an empty one")
    # Where more are given at once, they may be one input: see `one_input`.
    if vectors == 1 and answer.shape[:1] != (1,):
        raise ModelError(f"it answers one vector with shape {answer.shape}; the first axis should be its own, of 1")
