"""streamline: the all-integer graph; its executor must answer the whole test set as PyTorch does."""

from __future__ import annotations

from collections.abc import Sequence

from flows.stages.context import Context, Outcome
from flows.stages.network.files import GOLDEN, INTEGER, QONNX, words
from flows.stages.network.integers import told_layers, trained_graph, verify_graph
from toolchain.graph.export import Golden
from toolchain.graph.file.store import load_graph, save_graph
from toolchain.graph.model_file import load_model
from toolchain.results.facts import StreamlineFacts
from toolchain.results.facts.network import Layer


def run(context: Context) -> Outcome:
    """Write the integer graph; what is verified is read back from the file."""
    model = load_model(context.file("export", QONNX))
    save_graph(trained_graph(model), context.out / INTEGER)
    graph = load_graph(context.out / INTEGER)
    check = verify_graph(graph, model, Golden.load(context.file("export", GOLDEN)))
    layers, scores = told_layers(graph, model), graph.outputs[0]
    facts = StreamlineFacts(layers=layers, logit_scale=scores.scale)
    counted = f"{check.equal:,} of {check.compared:,} test {words(context).rows}"
    return Outcome(
        f"integer = PyTorch, every output, on {counted}; {_shape(layers)}", {"pytorch_integer": check}, facts
    )


def _shape(layers: Sequence[Layer]) -> str:
    return "-".join(str(size) for size in (layers[0].inputs, *(layer.outputs for layer in layers)))
