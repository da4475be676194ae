"""How many vectors a model takes at once: as many as one likes, where each is answered as it is alone; else one.

A first axis need not be a batch: it may be time. So vectors given together are held against vectors given one by one.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from toolchain.errors import ModelError
from toolchain.results.options import RunOptions
from toolchain.runtime.batch import throughput_batch
from toolchain.runtime.builder import ROWS
from toolchain.runtime.compare import TOLERANCE, compare
from toolchain.runtime.feeds import feeds_of
from toolchain.runtime.proof_vectors import random_vectors
from toolchain.runtime.rows import Rows, names_of, sides
from toolchain.runtime.session import fixed_batch, open_session, run_session
from toolchain.runtime.span import inputs_of

_ROWS = 8


def free_batch(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with an open batch, or the model itself where several rows at once do not give each row's answer."""
    try:
        session = open_session(model, RunOptions("none"))
        if fixed_batch(session) != 1:
            return model
        x = random_vectors(feeds_of(model, session), _ROWS).x
        return opened(model, x, run_session(session, x)) or model
    except ModelError:
        return model


def opened(model: onnx.ModelProto, x: Rows, alone: Rows) -> onnx.ModelProto | None:
    """A model of one row with an open batch; None where rows together are not answered as they are alone.

    Args:
        x: inputs, shape (N, ...).
        alone: the model's answers to each of them, shape (N, ...).
    """
    result = _open(model)
    try:
        answers = run_session(open_session(result, RunOptions("none")), x, _several(result, x))
    except ModelError:
        return None
    return result if same_rows(answers, alone) else None


def settle_batch(model: onnx.ModelProto, x: Rows, alone: Rows) -> tuple[onnx.ModelProto, str]:
    """The model with the batch that its package may use, and what the person should know of it.

    Args:
        x: inputs, shape (N, ...).
        alone: answers to them by the model as it came: one at a time, or as many as its fixed first axis takes.
    """
    session = open_session(model, RunOptions("none"))
    fixed = fixed_batch(session)
    if fixed is not None:
        return (opened(model, x, alone) or model if fixed == 1 else model), ""
    try:
        differing = _differing(run_session(session, x, _several(model, x)), alone)
    except ModelError:
        differing = len(x)
    if not differing:
        return model, ""
    return fix_sizes(model, 0), (
        f"given together, {differing:,} of {len(x):,} vectors are answered otherwise than one by one (the first axis "
        "is no batch, or rounding decides); so each is an input of its own, and the first axis is fixed at 1"
    )


def inner_sizes(model: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """The model with all sizes of one vector known: open ones become 1; and what the person should know of it."""
    unknown = {
        value.name: [
            str(axis) for axis, size in enumerate(value.type.tensor_type.shape.dim) if axis and not size.dim_value
        ]
        for value in inputs_of(model)
    }
    if not any(unknown.values()):
        return model, ""
    of = {name: f"input {name}'s" for name in unknown} if len(unknown) > 1 else dict.fromkeys(unknown, "the input's")
    told = [f"{of[name]} open size at axis {', '.join(axes)}" for name, axes in unknown.items() if axes]
    return fix_sizes(model, 1), f"{' and '.join(told)} is fixed at 1; export another for another"


def one_input(model: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """A model of a fixed first axis above 1 as one that takes that whole axis as one input, where its rows are no rows.

    Returns:
        The model itself where each row is answered as it is among others; else with an axis of 1 before the first, and
        what the person should know of it.

    Raises:
        ModelError: ONNX Runtime cannot run it, or it has several inputs or outputs whose rows are no rows.
    """
    session = open_session(model, RunOptions("none"))
    size = fixed_batch(session)
    if size is None or size == 1:
        return model, ""
    x = random_vectors(feeds_of(model, session), 2 * size).x
    answers, moved = run_session(session, x), run_session(session, np.roll(x, 1, axis=0))
    if len(answers) == len(x) and same_rows(np.roll(moved, -1, axis=0), answers):
        return model, ""
    if names_of(x) or names_of(answers):
        raise ModelError(f"the first axis of its inputs ({size}) is no batch; export it with one axis of 1 before that")
    output = session.run(None, {session.get_inputs()[0].name: x[:size]})[0]
    return _with_leading_axis(model, output.shape), (
        f"the first axis of the input ({size}) is no batch: its rows are not answered one by one; the whole "
        "of it is one input, behind a new first axis of 1"
    )


def fix_sizes(model: onnx.ModelProto, first: int) -> onnx.ModelProto:
    """The model with every open size of its inputs, from axis `first` on, fixed at 1."""
    result = _copy(model)
    names = set()
    for value in inputs_of(result):
        for size in value.type.tensor_type.shape.dim[first:]:
            if not size.dim_value:
                names.add(size.dim_param)
                size.dim_value = 1
    for value in result.graph.output:
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param and size.dim_param in names:
                size.dim_value = 1
    del result.graph.value_info[:]
    return result


def _with_leading_axis(model: onnx.ModelProto, output: tuple[int, ...]) -> onnx.ModelProto:
    result = _copy(model)
    graph = result.graph
    source, sink = inputs_of(result)[0], graph.output[0]
    inner = tuple(int(size.dim_value) for size in source.type.tensor_type.shape.dim)
    ways = ((source, f"{source.name}_whole", inner, inner), (sink, f"{sink.name}_whole", (1, *output), output))
    nodes = list(graph.node)
    for value, outer, target, shape in ways:
        constant = numpy_helper.from_array(np.array(target, np.int64), f"{outer}_shape")
        graph.initializer.append(constant)
        ends = (outer, value.name) if value is source else (value.name, outer)
        reshape = helper.make_node("Reshape", [ends[0], constant.name], [ends[1]], name=outer)
        nodes.insert(0 if value is source else len(nodes), reshape)
        value.CopyFrom(helper.make_tensor_value_info(outer, value.type.tensor_type.elem_type, (1, *shape)))
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    return result


def _several(model: onnx.ModelProto, x: Rows) -> int:
    """Rows to give at once: two at the least, or nothing would be tried."""
    return max(2, throughput_batch(model, x))


def same_rows(together: Rows, alone: Rows) -> bool:
    """Whether rows given together are answered as they are alone; no absolute tolerance hides a difference."""
    return _differing(together, alone) == 0


def _differing(together: Rows, alone: Rows) -> int:
    """Rows that are answered otherwise; all, where the answers are not row by row."""
    if [part.shape for part in sides(together)] != [part.shape for part in sides(alone)]:
        return len(alone)
    found = compare(together, alone, RunOptions("none"), tolerance=TOLERANCE)
    return found.compared - found.near


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    result = onnx.ModelProto()
    result.CopyFrom(model)
    return result


def _open(model: onnx.ModelProto) -> onnx.ModelProto:
    result = _copy(model)
    for value in (*inputs_of(result), *result.graph.output):
        if value.type.tensor_type.shape.dim:
            value.type.tensor_type.shape.dim[0].dim_param = ROWS
    del result.graph.value_info[:]
    targets = {node.input[1] for node in result.graph.node if node.op_type == "Reshape"}
    for tensor in result.graph.initializer:
        if tensor.name in targets:
            shape = numpy_helper.to_array(tensor)
            if len(shape) and shape[0] == 1 and -1 not in shape:
                opened = np.concatenate([[-1], shape[1:]]).astype(np.int64)
                tensor.CopyFrom(numpy_helper.from_array(opened, tensor.name))
    return result
