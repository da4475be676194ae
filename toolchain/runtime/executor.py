"""The qonnx executor as the reference of a QONNX model: each vector answered as in the model's own batch."""

from __future__ import annotations

import numpy as np
import onnx
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import GateweaveError, ModelError
from toolchain.graph.model_file import run_model
from toolchain.graph.refusals import in_our_words
from toolchain.results.options import RunOptions
from toolchain.runtime.compare import TOLERANCE, compare
from toolchain.runtime.free_batch import same_rows
from toolchain.runtime.repeat import ROWS, must_repeat
from toolchain.runtime.rows import Rows, joined, parts_of, width
from toolchain.runtime.session import open_session, run_session

# Elements that the executor is given at once.
ELEMENTS = 1 << 21

# Elements that it may hold at once, of all tensors together: it keeps them to the end, and its quantisers copy them.
_HELD = 1 << 25

_WIDEST = 500
_BARE = RunOptions("none")


def execute(wrapper: ModelWrapper, x: Rows, lowered: onnx.ModelProto) -> Rows:
    """The executor's outputs, shape (N, ...).

    It is slow row by row, so many rows are given at once. Sums in another order may round to the other side of a
    quantiser's step, and rows may depend on one another; so those that the model as plain operators, one row at a time,
    answers otherwise are run again in the model's own batch.

    Args:
        wrapper: the tidy model.
        x: inputs, shape (N, ...).
        lowered: the same model as float operators, in its own batch.

    Raises:
        ModelError: the executor fails, answers otherwise each time, or takes more than one row that depend on others.
    """
    own = max(1, int(wrapper.get_tensor_shape(wrapper.graph.input[0].name)[0]))
    if own > 1:
        _must_be_a_batch(wrapper, x, own)
    wide = max(own, min(_WIDEST, len(x), ELEMENTS // max(1, width(x)), _HELD // held(wrapper)))
    result = _run(wrapper, x, wide)
    must_repeat(wrapper.model, result[:ROWS], _run(wrapper, x[:ROWS], wide))
    alone = run_session(open_session(lowered, _BARE), x, 1)
    if own == 1 and width(alone) == width(result):
        doubtful = ~compare(alone, result, _BARE, tolerance=TOLERANCE).near_rows
        if doubtful.any():
            result[doubtful] = _run(wrapper, x[doubtful], own)
    return result


def held(wrapper: ModelWrapper) -> int:
    """Elements, for one row, of all tensors of a tidy model that depend on its input."""
    moving = {value.name for value in wrapper.graph.input}
    for node in wrapper.graph.node:
        if not moving.isdisjoint(node.input):
            moving.update(node.output)
    shapes = (wrapper.get_tensor_shape(name) for name in moving)
    rows = max(1, int(wrapper.get_tensor_shape(wrapper.graph.input[0].name)[0]))
    elements = sum(int(np.prod(shape)) for shape in shapes if shape)
    return max(1, elements // rows)


def _must_be_a_batch(wrapper: ModelWrapper, x: Rows, size: int) -> None:
    """Refuse a fixed first axis whose rows are answered by what stands beside them."""
    some = x[: 2 * size]
    moved = _run(wrapper, np.roll(some, 1, axis=0), size)
    if not same_rows(np.roll(moved, -1, axis=0), _run(wrapper, some, size)):
        raise ModelError(f"the first axis of its input ({size}) is no batch; export it with one axis of 1 before that")


def _run(wrapper: ModelWrapper, x: Rows, batch: int) -> Rows:
    inputs, (first, *others) = [value.name for value in wrapper.graph.input], [v.name for v in wrapper.graph.output]
    try:
        found = run_model(wrapper, parts_of(x, inputs), tuple(others), batch)
        return joined({first: found[""], **{name: found[name] for name in others}})
    except GateweaveError:
        raise
    except MemoryError as error:
        raise ModelError(
            f"the qonnx executor, which keeps every tensor, asks for too much memory with {batch} rows at once; "
            "export it for smaller inputs, or as plain ONNX (QDQ), which ONNX Runtime itself answers for"
        ) from error
    except Exception as error:  # qonnx raises plain Exception, and whatever its nodes raise.
        raise ModelError(f"the qonnx executor fails on it: {in_our_words(error)}") from error
