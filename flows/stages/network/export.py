"""export: QONNX and golden vectors; the qonnx executor must answer the whole test set as PyTorch does."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.network.files import GOLDEN, NETWORK, QONNX, dataset_of, model_code
from toolchain.graph.export import Golden, export_network
from toolchain.graph.model_file import load_model
from toolchain.graph.verify import verify_export
from toolchain.training.loop import logits_of, set_up
from toolchain.training.network import restore_quantised
from toolchain.training.state import load_state


def run(context: Context) -> Outcome:
    """Write the QONNX model and the golden vectors."""
    dataset = dataset_of(context)
    set_up(context.recipe.training.seed)
    state = load_state(context.file("train", NETWORK))
    network = restore_quantised(model_code(context, "model"), context.recipe, dataset, state)
    export_network(network, dataset.inputs, dataset.input_type, context.out / QONNX)
    x, truth = dataset.part("blocked", "test")
    golden = Golden(x, logits_of(network, x), truth)
    golden.save(context.out / GOLDEN)
    check = verify_export(network, load_model(context.out / QONNX), golden)
    return Outcome(
        f"QONNX = PyTorch, every output, on {check.equal:,} of {check.compared:,} test windows",
        {"pytorch_qonnx": check},
    )
