"""A QONNX model as qonnx's own clean-up leaves it, in a fraction of its time.

`qonnx.util.cleanup.cleanup_model` copies the model and sorts it again for each of its eight transformations, and looks
for every tensor in lists of all. The transformations are the same here, each run once; those that take long are our
own, with the same result. What differs: a node may take one tensor twice, whose name qonnx changes in one place only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx
from onnx import GraphProto
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.base import Transformation
from qonnx.transformation.general import (
    GiveUniqueNodeNames,
    RemoveStaticGraphInputs,
    RemoveUnusedTensors,
    SortCommutativeInputsInitializerLast,
)
from qonnx.transformation.infer_shapes import InferShapes
from qonnx.transformation.quant_constant_folding import FoldTransposeIntoQuantInit

from toolchain.errors import ModelError
from toolchain.graph.folding import fold_constants
from toolchain.graph.levels import by_levels

# Constants behind these keep their scales.
_KEPT = frozenset({"Quant", "BipolarQuant", "QuantizeLinear", "DequantizeLinear"})
# Sorted before nodes of constants go and behind that, as qonnx does: names follow from the order.
_BEFORE = (InferShapes, RemoveStaticGraphInputs)
_BEHIND = (FoldTransposeIntoQuantInit, RemoveUnusedTensors)
_NAMING = (SortCommutativeInputsInitializerLast, GiveUniqueNodeNames)


def tidied(model: onnx.ModelProto) -> ModelWrapper:
    """The model with shapes, without nodes of constants, sorted, and with readable names; the argument is used up.

    Raises:
        ModelError: there are no nodes, or a node of constants does not run; names it.
        Exception: qonnx does not understand the model; it raises classes of its own, and plain ones.
    """
    if not model.graph.node:
        raise ModelError("no graph, or one without nodes: truncated, or not an ONNX model")
    wrapper = _changed(ModelWrapper(model), _BEFORE)
    _sort(wrapper.graph)
    while fold_constants(wrapper.model, _KEPT):
        wrapper = _changed(wrapper, [InferShapes])
    _part_parameters(wrapper.graph)
    wrapper = _changed(wrapper, _BEHIND)
    _sort(wrapper.graph)
    wrapper = _changed(wrapper, _NAMING)
    _rename(wrapper.graph)
    return wrapper


def _changed(model: ModelWrapper, kinds: Iterable[type[Transformation]]) -> ModelWrapper:
    for kind in kinds:
        model = model.transform(kind(), make_deepcopy=False, cleanup=False)
    return model


def _sort(graph: GraphProto) -> None:
    """As qonnx's SortGraph does: by levels, without nodes that nothing leads to and that lead nowhere.

    Raises:
        ModelError: the nodes have a circle.
    """
    nodes = list(graph.node)
    makers = dict[str, int]()
    for place, node in enumerate(nodes):
        for name in node.output:
            makers.setdefault(name, place)
    before = {place: {makers[n] for n in node.input if n and n in makers} for place, node in enumerate(nodes)}
    given = {value.name for value in (*graph.initializer, *graph.input)}
    led = {place for place, node in enumerate(nodes) if before[place] or given.intersection(node.input)}
    kept = led.union(*before.values()) if len(nodes) > 1 else set(before)
    order = by_levels({place: before[place] for place in kept})
    if left := kept.difference(order):
        node = nodes[min(left)]
        raise ModelError(f"node {node.name or node.output[0]} ({node.op_type}) waits for its own result: a circle")
    del graph.node[:]
    graph.node.extend(nodes[place] for place in order)


def _part_parameters(graph: GraphProto) -> None:
    """Give each place that takes a constant one of its own: what changes it there changes it nowhere else."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    shapes = {value.name: value for value in graph.value_info}
    said = {annotation.tensor_name: annotation for annotation in graph.quantization_annotation}
    taken: dict[str, int] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name not in tensors:
                continue
            taken[name] = taken.get(name, 0) + 1
            if taken[name] > 1:
                node.input[place] = own = f"{name}_{taken[name]}"
                graph.initializer.add().CopyFrom(tensors[name])
                graph.initializer[-1].name = own
                if name in shapes:
                    graph.value_info.add().CopyFrom(shapes[name])
                    graph.value_info[-1].name = own
                if name in said:
                    graph.quantization_annotation.add().CopyFrom(said[name])
                    graph.quantization_annotation[-1].tensor_name = own


def _rename(graph: GraphProto) -> None:
    """Tensors after the nodes that make them, or take them where they are constants; the file's inputs and outputs."""
    names = dict(_readable(graph))
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for annotation in graph.quantization_annotation:
        annotation.tensor_name = names.get(annotation.tensor_name, annotation.tensor_name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _readable(graph: GraphProto) -> Iterator[tuple[str, str]]:
    """Old and new names; where a tensor has several, the last one counts."""
    constants = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        yield from ((name, f"{node.name}_out{place}") for place, name in enumerate(node.output) if name)
        parameters = [name for name in node.input if name in constants]
        yield from ((name, f"{node.name}_param{place}") for place, name in enumerate(parameters))
    for values, word in ((graph.input, "global_in"), (graph.output, "global_out")):
        yield from ((value.name, f"{word}_{place}" if place else word) for place, value in enumerate(values))
