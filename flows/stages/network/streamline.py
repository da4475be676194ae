"""streamline: the all-integer graph; its executor must answer the whole test set as PyTorch does."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.network.files import GOLDEN, INTEGER, QONNX, words
from toolchain.graph.dense import DenseNetwork, dense_network
from toolchain.graph.export import Golden
from toolchain.graph.file.store import load_graph, save_graph
from toolchain.graph.model_file import load_model
from toolchain.graph.streamline import streamline
from toolchain.graph.verify import verify_integer
from toolchain.results.facts import StreamlineFacts
from toolchain.results.facts.network import layers_of


def run(context: Context) -> Outcome:
    """Write the integer graph; what is verified is read back from the file."""
    model = load_model(context.file("export", QONNX))
    save_graph(streamline(model).graph, context.out / INTEGER)
    network = dense_network(load_graph(context.out / INTEGER))
    check = verify_integer(network, model, Golden.load(context.file("export", GOLDEN)))
    facts = StreamlineFacts(layers=layers_of(network.layers), logit_scale=network.logit_scale)
    counted = f"{check.equal:,} of {check.compared:,} test {words(context).rows}"
    return Outcome(
        f"integer = PyTorch, every output, on {counted}; {_shape(network)}", {"pytorch_integer": check}, facts
    )


def _shape(network: DenseNetwork) -> str:
    return "-".join(str(size) for size in (network.inputs, *(layer.outputs for layer in network.layers)))
