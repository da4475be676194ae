"""export: QONNX and golden vectors; the qonnx executor must answer the whole test set as PyTorch does.

A network of several stages is proved on the logits of all; its golden answers are those of the stage that decides.
"""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.network.deciding import decide, told
from flows.stages.network.files import GOLDEN, NETWORK, QONNX, SCORES, dataset_of, model_code, must_be_exact, words
from toolchain.graph.export import export_network
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.model_file import load_model
from toolchain.graph.verify import verify_export
from toolchain.results.facts import ExportFacts
from toolchain.training.author import authors_code
from toolchain.training.derived import completed
from toolchain.training.loop import logits_of, set_up
from toolchain.training.metrics import evaluate
from toolchain.training.network import restore_quantised
from toolchain.training.state import load_state


def run(context: Context) -> Outcome:
    """Write the QONNX model and the golden vectors."""
    dataset = dataset_of(context)
    set_up(context.recipe.training.seed)
    state = load_state(context.file("train", NETWORK))
    code = completed(model_code(context, "model"))
    with authors_code(context.model):
        network = restore_quantised(code, context.recipe, dataset, state)
    export_network(network, dataset.shape, dataset.input_type, context.out / QONNX)
    x, truth = dataset.part("blocked", "test")
    golden = Golden(x.reshape(len(x), -1), logits_of(network, x), truth)
    model = load_model(context.out / QONNX)
    must_be_exact(context, model)
    check = verify_export(network, model, golden)
    rows = words(context).rows_of(dataset.kind)
    said = f"QONNX = PyTorch, every output, on {check.equal:,} of {check.compared:,} test {rows}"
    if not context.recipe.staged:
        golden.save(context.out / GOLDEN)
        return Outcome(said, {"pytorch_qonnx": check}, ExportFacts())
    golden.save(context.out / SCORES)
    seen, labels = dataset.part("blocked", "validation")
    validation = Golden(seen.reshape(len(seen), -1), logits_of(network, seen), labels)
    decision = decide(context, model, len(dataset.classes), validation, golden)
    scores = evaluate(truth, Golden.load(context.out / GOLDEN).labels, dataset.classes)
    facts = ExportFacts(decision=decision, accuracy=scores)
    return Outcome(f"{said}; {told(decision)}", {"pytorch_qonnx": check}, facts)
