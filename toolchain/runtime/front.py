"""A third-party QONNX network as integer graphs: its float front, then the same integer core as our own networks'.

The front is what stands before the first matrix product, its quantiser included; it yields the integers that the core
takes. Behind the core comes the model's own tail, where it has one: what makes labels or probabilities of the scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError, first_line
from toolchain.graph.dense import DenseNetwork, Integers
from toolchain.graph.labelling import LABELLING
from toolchain.graph.lower import lower, opset_of
from toolchain.graph.opsets import IR_VERSIONS
from toolchain.graph.segments import LINEAR, cut
from toolchain.graph.streamline import read_quantiser
from toolchain.runtime.builder import INPUT, OUTPUT, ROWS, GraphSettings
from toolchain.runtime.free_batch import free_batch
from toolchain.runtime.graphs import makers
from toolchain.runtime.session import RunOptions, open_session, run_session

_INTEGERS = "front_integers"


def integer_graphs(
    model: ModelWrapper, network: DenseNetwork, settings: GraphSettings
) -> dict[str, Callable[[], onnx.ModelProto]]:
    """What makes each variant of a streamlined third-party network, with the model's own input and output.

    Args:
        model: the tidy QONNX model.
        network: the same model from `toolchain.graph.streamline`.

    Raises:
        ModelError: the network cannot be expressed so.
    """
    opening = free_batch if settings.batch is None else _as_it_is

    @cache
    def ends(opset: int) -> tuple[onnx.ModelProto, onnx.ModelProto | None]:
        lowered = lower(model, opset)
        return _front(model, opening(lowered), network), _tail(model, lowered)

    def whole(make: Callable[[], onnx.ModelProto]) -> onnx.ModelProto:
        core = make()
        front, tail = ends(opset_of(core))
        joined = _join(front, core, _INTEGERS, INPUT)
        return joined if tail is None else _join(joined, tail, OUTPUT, tail.graph.input[0].name)

    return {name: partial(whole, make) for name, make in makers(network, replace(settings, batch=None)).items()}


def integer_scores(model: ModelWrapper, network: DenseNetwork, x: NDArray[Any], opset: int) -> NDArray[np.float32]:
    """Scores, scaled, of the integer network to inputs x, shape (N, ...): shape (N, classes).

    Raises:
        ModelError: its front does not run.
    """
    sums = network.run(front_integers(model, network, x, opset)).logits
    scores: NDArray[np.float32] = (sums * network.logit_scale + network.logit_offset).astype(np.float32)
    return scores


def answers_of(model: ModelWrapper, scores: NDArray[np.float32], opset: int) -> NDArray[Any]:
    """What the model's tail makes of scores, shape (N, classes); the scores themselves where it has none."""
    tail = _tail(model, lower(model, opset))
    return scores if tail is None else run_session(open_session(tail, RunOptions("none")), scores)


def until_scores(model: ModelWrapper, lowered: onnx.ModelProto) -> onnx.ModelProto | None:
    """The lowered model without its tail; None where it has none.

    Labels alone do not tell whether two networks are the same: rounding decides between equal scores.
    """
    scores = _scores(model)
    if scores is None:
        return None
    result = onnx.ModelProto()
    result.CopyFrom(lowered)
    needed = _ancestors(lowered, scores)
    nodes = [node for node in lowered.graph.node if node.output[0] in needed]
    sink = helper.make_tensor_value_info(scores, TensorProto.FLOAT, None)
    del result.graph.node[:], result.graph.output[:]
    result.graph.node.extend(nodes)
    result.graph.output.append(sink)
    return result


def _as_it_is(model: onnx.ModelProto) -> onnx.ModelProto:
    return model


def front_integers(model: ModelWrapper, network: DenseNetwork, x: NDArray[Any], opset: int) -> Integers:
    """The integers that the core is given for inputs x, shape (N, inputs), by the front without any optimisation."""
    session = open_session(_front(model, free_batch(lower(model, opset)), network), RunOptions("none"))
    integers: Integers = np.rint(run_session(session, x)).astype(np.int64).reshape(len(x), -1)
    return integers


def _front(model: ModelWrapper, lowered: onnx.ModelProto, network: DenseNetwork) -> onnx.ModelProto:
    """From the model's input to integers of shape (rows, inputs)."""
    product = next(node for node in model.graph.node if node.op_type in LINEAR)
    needed = _ancestors(lowered, product.input[0])
    nodes = [node for node in lowered.graph.node if node.output[0] in needed]
    taken = {name for node in nodes for name in node.input}
    constants = [tensor for tensor in lowered.graph.initializer if tensor.name in taken]
    shape = numpy_helper.from_array(np.array([-1, network.inputs], np.int64), "front_shape")
    unit = numpy_helper.from_array(np.asarray(_unit(model), np.float32), "front_unit")
    nodes.append(helper.make_node("Reshape", [product.input[0], shape.name], ["front_flat"], name="front_flat"))
    nodes.append(helper.make_node("Div", ["front_flat", unit.name], ["front_units"], name="front_units"))
    nodes.append(helper.make_node("Round", ["front_units"], [_INTEGERS], name=_INTEGERS))
    sink = helper.make_tensor_value_info(_INTEGERS, TensorProto.FLOAT, [None, network.inputs])
    graph = helper.make_graph(nodes, "front", list(lowered.graph.input), [sink], [*constants, shape, unit])
    opset = opset_of(lowered)
    opsets, version = [helper.make_opsetid("", opset)], IR_VERSIONS[opset]
    return helper.make_model(graph, producer_name="gateweave", opset_imports=opsets, ir_version=version)


def _unit(model: ModelWrapper) -> float:
    """Float value of one integer unit of what enters the first product."""
    quantiser = cut(model)[0].quantiser
    return 1.0 if quantiser is None else read_quantiser(model, quantiser, "input").scale


def _ancestors(model: onnx.ModelProto, tensor: str) -> set[str]:
    """First outputs of the nodes that a tensor depends on."""
    producers = {name: node for node in model.graph.node for name in node.output}
    found, pending = set(), [tensor]
    while pending:
        node = producers.get(pending.pop())
        if node is not None and node.output[0] not in found:
            found.add(node.output[0])
            pending.extend(node.input)
    return found


def _tail(model: ModelWrapper, lowered: onnx.ModelProto) -> onnx.ModelProto | None:
    """From scores of shape (rows, classes) to the model's output; None where the scores are the output."""
    scores, sink = _scores(model), lowered.graph.output[0]
    if scores is None:
        return None
    wanted = _ancestors(lowered, sink.name) - _ancestors(lowered, scores)
    shape = [int(size) for size in model.get_tensor_shape(scores)]
    target = numpy_helper.from_array(np.array([-1, *shape[1:]], np.int64), "scores_shape")
    nodes = [helper.make_node("Reshape", ["scores", target.name], [scores], name="scores")]
    nodes += [node for node in lowered.graph.node if node.output[0] in wanted]
    taken = {name for node in nodes for name in node.input}
    constants = [tensor for tensor in lowered.graph.initializer if tensor.name in taken]
    source = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, int(np.prod(shape[1:]))])
    output = onnx.ValueInfoProto()
    output.CopyFrom(sink)
    output.type.tensor_type.shape.dim[0].dim_param = ROWS
    opset = opset_of(lowered)
    graph = helper.make_graph(nodes, "tail", [source], [output], [*constants, target])
    result = helper.make_model(
        graph, producer_name="gateweave", opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSIONS[opset]
    )
    prefixed: onnx.ModelProto = onnx.compose.add_prefix(result, "tail_")
    return prefixed


def _scores(model: ModelWrapper) -> str | None:
    """Name of the tensor that the tail takes; None where there is no tail."""
    return next((str(node.input[0]) for node in model.graph.node if node.op_type in LABELLING), None)


def _join(first: onnx.ModelProto, second: onnx.ModelProto, output: str, source: str) -> onnx.ModelProto:
    try:
        joined: onnx.ModelProto = onnx.compose.merge_models(first, second, io_map=[(output, source)])
    except Exception as error:  # The checker raises classes of its own.
        raise ModelError(f"its parts do not join: {first_line(error)}") from error
    joined.producer_name = "gateweave"
    return joined
