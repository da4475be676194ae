"""integers: a network's file as an integer graph that answers as its own framework does, and golden vectors."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from flows.stages.context import Context, Outcome
from flows.stages.foreign.load import MODEL
from flows.stages.graph_layers import layers_of_graph
from flows.stages.network.files import GOLDEN, INTEGER
from hls.graph_stages import stages_of
from toolchain.errors import BuildError, ModelError
from toolchain.finn.lowering import lowered
from toolchain.graph.file.store import load_graph, save_graph
from toolchain.graph.golden_vectors import Golden
from toolchain.graph.graph import Graph
from toolchain.graph.labelled import answer_of, as_chain
from toolchain.graph.ops import ArgMax
from toolchain.graph.readers.source import Source
from toolchain.kernels.quick import run as execute
from toolchain.results.facts import IntegersFacts
from toolchain.results.facts.runtime import VectorCount
from toolchain.runtime.meaning import labels_of, must_fit, targets_must_fit
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.network_file.proof import Proved, prove_on, vectors_for


def run(context: Context) -> Outcome:
    """Write `integer.onnx` and `golden.npz`, and the file itself where it is ONNX.

    Raises:
        ModelError: the file cannot be read as integers, or FPGAs do not take them: names the node.
        DataError: the test file does not fit the network.
        VerificationError: its integers answer otherwise than its own framework.
    """
    request = context.request
    if request.file is None:
        raise BuildError("integers: the request names no file; run `make build` again")
    path = Path(request.file)
    opened = open_network(path)
    graph = _hardware(request.flow, path, opened.source)
    save_graph(graph, context.out / INTEGER)
    vectors = vectors_for(opened, Path(request.test) if request.test else None)
    must_fit(vectors, _outputs(opened.source.graph))
    targets_must_fit(vectors, _outputs(opened.source.graph))
    proved = prove_on(opened, vectors, context.progress)
    golden = _golden(proved, load_graph(context.out / INTEGER))
    if isinstance(graph[graph.outputs[-1].node].op, ArgMax):
        _must_be_its_label(path, proved, golden)
    golden.save(context.out / GOLDEN)
    if (model := context.file("load", MODEL)).exists():
        shutil.copyfile(model, context.out / MODEL)
    facts = _facts(proved)
    return Outcome(_told(proved, facts), {"file_integer": proved.check}, facts)


def _hardware(flow: str, path: Path, source: Source) -> Graph:
    """The network as FPGAs take it: refused here, before anything slow is proved of it."""
    try:
        chain = as_chain(source)
        graph = source.graph if chain is None else chain.graph
        if flow == "finn":
            lowered(graph)
        elif chain is None and flow != "mcu":
            stages_of(graph)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    return graph


def _golden(proved: Proved, graph: Graph) -> Golden:
    """The vectors as integers, and the answers that the graph gives them, scaled: its scores, where it has some."""
    answer = answer_of(graph)
    integers = proved.integers[graph.sole_input]
    sums = execute(graph, {graph.sole_input: integers}, [answer.node])[answer.node]
    logits = (sums * answer.scale + answer.offset).astype(np.float32).reshape(len(integers), -1)
    truth = proved.vectors.truth
    x = integers.reshape(len(integers), -1).astype(graph.types[graph.sole_input].dtype)
    return Golden(x, logits, np.zeros(0, np.uint8) if truth is None else truth.astype(np.uint8))


def _must_be_its_label(path: Path, proved: Proved, golden: Golden) -> None:
    """Refuse scores of which the greatest integer is not the greatest value: classes with scales of their own."""
    # Where rounding decides, the framework's own answer may be another; the proof has judged that.
    labels = labels_of(proved.answers)
    apart = np.flatnonzero(labels != golden.labels)
    if len(apart):
        raise ModelError(
            f"{path}: vector {apart[0]}: the file's class is {labels[apart[0]]}, that of the integers "
            f"{golden.labels[apart[0]]} ({len(apart)} vectors in all); give all scores one scale and no bias"
        )


def _facts(proved: Proved) -> IntegersFacts:
    graph = proved.source.graph
    return IntegersFacts(
        framework=proved.opened.framework,
        vectors=VectorCount(count=proved.check.compared, kind=proved.check.vectors),
        accuracy=proved.accuracy,
        inputs=graph.types[graph.sole_input].size,
        outputs=_outputs(graph),
        layers=layers_of_graph(graph),
        notices=tuple(filter(None, [*proved.source.notices, proved.notice])),
    )


def _outputs(graph: Graph) -> int:
    return graph.types[answer_of(graph).node].size


def _told(proved: Proved, facts: IntegersFacts) -> str:
    check = proved.check
    counted = f"{check.equal:,} of {check.compared:,} vectors ({check.vectors})"
    right = "" if facts.accuracy is None else f"; {facts.accuracy:.2%} right"
    how = f"every output within {check.tolerance:g}" if check.tolerance else "every output"
    said = [f"integers = {facts.framework}, {how}, on {counted}{right}", *facts.notices]
    return "; ".join(said)
