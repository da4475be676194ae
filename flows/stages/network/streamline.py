"""streamline: the all-integer graph; its executor must answer the whole test set as PyTorch does."""

from __future__ import annotations

from collections.abc import Sequence

from flows.stages.context import Context, Outcome
from flows.stages.graph_layers import layers_of_trained
from flows.stages.network.files import GOLDEN, INTEGER, QONNX, SCORES, words
from toolchain.graph.file.store import load_graph, save_graph
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import load_model
from toolchain.results.facts import ExportFacts, StreamlineFacts
from toolchain.results.facts.network import Layer
from toolchain.runtime.trained import entered, read_trained, verify_trained


def run(context: Context) -> Outcome:
    """Write the integer graph, and the golden vectors where it takes them in another order than the model does.

    What is verified is read back from the file. Of a network of several stages the logits of all are verified first.
    """
    trained = read_trained(load_model(context.file("export", QONNX)))
    decision = context.facts("export", ExportFacts).decision
    if decision is not None:
        verify_trained(trained, Golden.load(context.file("export", SCORES)))
        trained = trained.deciding(decision.classes, decision.thresholds, decision.widths)
    save_graph(trained.graph, context.out / INTEGER)
    trained = trained.as_written(load_graph(context.out / INTEGER))
    golden = Golden.load(context.file("export", GOLDEN))
    said: list[str] = []
    check = verify_trained(trained, golden, said.append)
    if trained.network is None:
        entered(trained, golden).save(context.out / GOLDEN)
    layers = layers_of_trained(trained)
    graph = trained.graph
    operations = sum(node.op.operations(*graph.types_into(node)) for node in graph)
    facts = StreamlineFacts(layers=layers, logit_scale=trained.scores.scale, operations=operations)
    counted = f"{check.equal:,} of {check.compared:,} test {words(context).rows or 'rows'}"
    told = "; ".join([f"integer = PyTorch, every output, on {counted}; {_shape(layers)}", *said])
    return Outcome(told, {"pytorch_integer": check}, facts)


def _shape(layers: Sequence[Layer]) -> str:
    return "-".join(str(size) for size in (layers[0].inputs, *(layer.outputs for layer in layers)))
