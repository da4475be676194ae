"""A trained model of ours as integers: what every later stage is made of, and where they part from the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qonnx.core.modelwrapper import ModelWrapper

from toolchain.errors import ModelError
from toolchain.graph.comparing import Named, compare, fail
from toolchain.graph.deciding import deciding, numbers_of
from toolchain.graph.dense import INPUT, LOGITS, DenseNetwork, dense_network
from toolchain.graph.execute import run
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.graph import Graph, Output, with_outputs
from toolchain.graph.labelled import scores_of, with_label
from toolchain.graph.model_file import run_model
from toolchain.graph.ops import Linear, Threshold
from toolchain.graph.readers.qonnx.chain import MOVING, chain_of, must_end_in_scores
from toolchain.graph.readers.qonnx.grid import unit_of
from toolchain.graph.readers.qonnx.read import read_qonnx
from toolchain.graph.readers.source import Port, Source
from toolchain.graph.types import Integers
from toolchain.progress import Progress
from toolchain.results.check import Check
from toolchain.runtime.network_file.answer import integers_of, outputs_of


@dataclass(frozen=True)
class Trained:
    """A trained model, read.

    Attributes:
        model: as exported.
        source: its integers up to the scores, and what stands around them.
        graph: the same integers, ended by their label: what hardware is made of.
        network: the graph as a chain of dense layers; None where it is none, which is for processors only.
        quantisers: the model's node that each thresholds of the graph stand for, by their name.
    """

    model: ModelWrapper
    source: Source
    graph: Graph
    network: DenseNetwork | None
    quantisers: Mapping[str, str]

    @property
    def scores(self) -> Output:
        """The output that the label is the greatest of."""
        return self.source.graph.outputs[0]

    def deciding(self, classes: int, thresholds: Sequence[int], widths: Sequence[int] = ()) -> Trained:
        """The same as a network that stops at the first confident stage; see `toolchain.graph.deciding.deciding`.

        Raises:
            ModelError: it has no stages, or a threshold is none of theirs.
        """
        graph = deciding(self.source.graph, classes, thresholds, widths)
        return replace(self, network=None).as_written(graph)

    def as_written(self, graph: Graph) -> Trained:
        """With the graph as it was read back from its file."""
        source = replace(self.source, graph=with_outputs(graph, scores_of(graph)))
        if numbers_of(graph):
            shape = graph.types[source.graph.outputs[0].node].shape
            source = replace(source, outputs=(replace(source.outputs[0], shape=shape),), tail=None)
        network = None if self.network is None else dense_network(graph)
        return replace(self, source=source, graph=graph, network=network)


def read_trained(model: ModelWrapper) -> Trained:
    """The integers of an exported model.

    Raises:
        ModelError: it cannot be expressed so; names the nodes and the mend.
    """
    source = read_qonnx(model)
    must_end_in_scores(source)
    graph = with_label(source.graph)
    try:
        network = chain_of(source)
    except ModelError:
        return Trained(model, source, graph, None, {name: name for name in _thresholds(graph)})
    return Trained(model, _flat(source, network), network.graph, network, _quantisers(source.graph, network))


def _flat(source: Source, network: DenseNetwork) -> Source:
    """The source of a chain: rows of the file's elements, one after another, and the graph's own scores.

    Raises:
        ModelError: its first quantiser changes the integers that the model is annotated to take.
    """
    if source.front is not None and any(node.op_type not in MOVING for node in source.front.graph.node):
        raise ModelError(
            f"input {source.inputs[0].name!r}: its quantiser changes the {source.inputs[0].datatype or 'floats'} that "
            "come in; start the network with one of scale 1 that leaves them as they are"
        )
    kind = np.dtype(np.float32)
    entry = Port(INPUT, (network.inputs,), kind, source.inputs[0].datatype)
    scores = Port(LOGITS, (network.classes,), kind)
    return Source(source.format, network.scores, (entry,), (scores,), notices=source.notices)


def _quantisers(graph: Graph, network: DenseNetwork) -> dict[str, str]:
    """For each layer's output the thresholds that were read behind the same product."""
    behind = {_product_before(graph, name): name for name in _thresholds(graph)}
    pairs = zip(network.layers, network.outputs, strict=True)
    return {output: behind[layer.name] for layer, output in pairs if layer.name in behind}


def _product_before(graph: Graph, name: str) -> str:
    while not isinstance(graph[name].op, Linear):
        (name,) = graph[name].inputs
    return name


def _thresholds(graph: Graph) -> list[str]:
    return [node.name for node in graph if isinstance(node.op, Threshold)]


def verify_trained(trained: Trained, golden: Golden, told: Progress = lambda text: None) -> Check:
    """The integer graph against the golden float logits: scaled, its own must equal them exactly.

    Args:
        told: learns why the interpreter has to answer many vectors alone.

    Raises:
        VerificationError: they differ; names the first input and layer.
    """
    source = trained.source
    integers = integers_of(source, golden.x.reshape(len(golden.x), *source.inputs[0].shape))
    logits = outputs_of(source, integers, told)
    check, index = compare("streamline", golden.logits, logits.reshape(golden.logits.shape))
    if index is not None:
        one = {name: values[index : index + 1] for name, values in integers.items()}
        fail("streamline", check, index, *_layers(trained, golden.x[index], one))
    return check


def entered(trained: Trained, golden: Golden) -> Golden:
    """Golden vectors with the inputs as the graph takes them, channels last."""
    integers = integers_of(trained.source, golden.x.reshape(len(golden.x), *trained.source.inputs[0].shape))
    kind = trained.graph.types[trained.graph.sole_input]
    x = integers[trained.graph.sole_input].reshape(len(golden.x), -1).astype(kind.dtype)
    return replace(golden, x=x)


def _layers(trained: Trained, x: NDArray[Any], integers: Mapping[str, Integers]) -> tuple[Named, Named]:
    """Each layer's outcome for one input, in units of its quantiser: of the model, and of the integer graph."""
    graph, scores, model = trained.source.graph, trained.scores, trained.model
    nodes = {node.name: node for node in model.graph.node}
    ends = {name: nodes[node] for name, node in trained.quantisers.items() if node in nodes}
    values = run_model(model, x[None], tuple(node.output[0] for node in ends.values()), batch=1)
    found = run(graph, integers, [*ends, scores.node])
    # Thresholds are told by the layer that they end.
    layers = [*(graph[name].inputs[0] for name in ends), scores.node]
    wanted = [_whole(values[node.output[0]], unit_of(model, node)) for node in ends.values()]
    wanted.append(np.rint((values[""].astype(np.float64) - scores.offset) / scores.scale).astype(np.int64))
    return list(zip(layers, wanted, strict=True)), list(zip(layers, found.values(), strict=True))


def _whole(values: NDArray[Any], unit: NDArray[np.float64]) -> Integers:
    """Floats of shape (1, channels, ...) as multiples of a unit, channels last."""
    units = unit.reshape(-1, *(1,) * (values.ndim - 2))
    return np.moveaxis(np.rint(values / units).astype(np.int64), 1, -1)
