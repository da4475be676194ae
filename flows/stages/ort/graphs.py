"""graphs: every form of the network that a runtime may like, and the vectors that each is proved on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from flows.stages.context import Context, Outcome
from flows.stages.files import network_file
from flows.stages.foreign.load import CALIBRATION, TEST, file_of
from flows.stages.network.files import INTEGER, QONNX
from flows.stages.ort.files import OWN, save
from toolchain.errors import GateweaveError, ModelError, ToolError
from toolchain.graph.file.store import load_graph
from toolchain.graph.model_file import load_model
from toolchain.graph.readers.source import Source
from toolchain.kernels.choose import measured, ways_of
from toolchain.results.device import COMPILED
from toolchain.results.facts import GraphsFacts
from toolchain.results.facts.runtime import OutputMeaning, VectorCount
from toolchain.results.ways import MeasuredWays
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.compiled_graph import compiled_graph
from toolchain.runtime.imported import Imported
from toolchain.runtime.meaning import Meaning
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.network_file.whole import core_graph, whole_makers
from toolchain.runtime.operator_library import library_beside, make_known, write_operator
from toolchain.runtime.proof_vectors import Vectors
from toolchain.runtime.shelf import Shelf
from toolchain.runtime.third_party import import_model
from toolchain.runtime.trained import read_trained

_TRAINED = Meaning("classes", "the data set names them")

WAYS = "GATEWEAVE_WAYS"
"""The variable that, being `written`, has nothing timed: nodes of the compiled C then go in the written order."""

# Both runners look for it.
_MEMORY = "gateweave.memory"

# Every board's runtime reads it, and newer ones bring these networks nothing.
_OPSET = 17


def run(context: Context) -> Outcome:
    """Write `<graph>.onnx` for each, the libraries of the compiled one, `golden.npz` and `graphs.json`."""
    made = _third_party(context) if context.request.file else _own(context)
    ways = _add_compiled(context, made) if made.kind == OWN or made.integers is not None else None
    _tell_memory(context, made)
    save(made, context.out)
    left = f"; left out: {', '.join(made.left_out)}" if made.left_out else ""
    facts = GraphsFacts(
        kind=made.kind,
        reference=made.reference_name,
        vectors=VectorCount(count=len(made.vectors.x), kind=made.vectors.kind),
        left_out=made.left_out,
        accuracy=made.accuracy(made.reference),
        outputs=OutputMeaning(kind=made.meaning.kind, why=made.meaning.why),
        notices=tuple(made.notices),
        ways=ways,
    )
    outputs = f"; outputs are {made.meaning.kind}: {made.meaning.why}"
    told = [f"{', '.join(made.graphs)}{left}{outputs}", *([ways.told] if ways else []), *made.notices]
    return Outcome("; ".join(told), facts=facts)


def _tell_memory(context: Context, made: Imported) -> None:
    """Have every graph say how many earlier answers a runner keeps, where the recipe says it."""
    decision = None if context.request.file else context.recipe.decision
    if decision is None or decision.memory is None:
        return
    for model in made.graphs.values():
        model.metadata_props.add(key=_MEMORY, value=str(decision.memory.size))


def settings_of(context: Context) -> GraphSettings:
    """What the board asks of its graphs."""
    board = context.ort_board
    opset = min(_OPSET, board.runtime.opset)
    settings = GraphSettings(opset, machine=board.runtime.machine)
    return replace(settings, tensorrt=board.jetson.tensorrt) if board.jetson else settings


def file_settings(context: Context) -> GraphSettings:
    """What it asks of the graphs of a file, whose own opset stays where the board takes it."""
    return replace(settings_of(context), opset=context.ort_board.runtime.opset)


def source_of(context: Context) -> Source:
    """The network's integers, and what stands around them."""
    if context.request.file:
        return open_network(file_of(context)).source
    trained = read_trained(load_model(context.file("export", QONNX)))
    return trained.as_written(load_graph(network_file(context, INTEGER))).source


def _add_compiled(context: Context, made: Imported) -> MeasuredWays | None:
    """The network as one operator, with a library for this machine and for the board's; or why there is none.

    Returns:
        How long the alternatives of its nodes take, where they were timed.
    """
    settings = settings_of(context) if made.kind == OWN else file_settings(context)
    shelf = Shelf(made.vectors.x, made.reference, made.graphs, made.left_out)
    ways = None
    try:
        source = source_of(context)
        ways = _ways(context, source)
        context.progress("compiling the network as one operator")
        found = compiled_graph(source, settings, ways_of(ways))
        for machine in sorted({os.uname().machine, context.ort_board.runtime.machine}):
            library = library_beside(context.out / f"{COMPILED}.onnx", machine)
            name = write_operator(found.source, found.ends, machine, library)
    except (ModelError, ToolError) as error:
        made.left_out[COMPILED] = str(error).removeprefix(f"{COMPILED}: ")
        return ways
    make_known(name, library_beside(context.out / f"{COMPILED}.onnx", os.uname().machine))
    shelf.add(COMPILED, lambda: found.model)
    return ways


def _ways(context: Context, source: Source) -> MeasuredWays | None:
    """Times of the alternatives of each node, where the board is such a machine as this one."""
    if os.environ.get(WAYS) == "written" or context.ort_board.runtime.machine != os.uname().machine:
        return None
    return measured(core_graph(source), context.layout.root / "cache" / "ways", context.progress)


def _own(context: Context) -> Imported:
    with np.load(context.file("export", "golden.npz")) as golden:
        x, logits, truth = golden["x"].astype(np.float32), golden["logits"], golden["truth"]
    source = source_of(context)
    x, makes = x.reshape(len(x), *source.inputs[0].shape), whole_makers(source, settings_of(context))
    vectors, shelf = Vectors(x, truth.astype(np.int64), "test set"), Shelf(x, logits)
    for name, make in makes.items():
        shelf.add(name, make)
    if not shelf.graphs:
        raise ModelError("; ".join(dict.fromkeys(shelf.left_out.values())))
    return Imported(OWN, shelf.graphs, shelf.left_out, vectors, logits, "the trained network", logits, _TRAINED)


def _third_party(context: Context) -> Imported:
    calibration, test = (path if path.exists() else None for path in _data_of(context))
    with _named_as_given(context):
        return import_model(
            file_of(context),
            calibration,
            file_settings(context),
            test=test,
            outputs=context.request.outputs,
            progress=context.progress,
        )


def _data_of(context: Context) -> tuple[Path, Path]:
    """The copies of CALIBRATION= and TEST=, which need not be there."""
    return context.file("load", CALIBRATION), context.file("load", TEST)


@contextmanager
def _named_as_given(context: Context) -> Iterator[None]:
    """Errors name the person's own files, which can be mended, and not the copies that are read."""
    request = context.request
    copies = (file_of(context), *_data_of(context))
    given = dict(zip(copies, (request.file, request.calibration, request.test), strict=True))
    try:
        yield
    except GateweaveError as error:
        text = str(error)
        for copy, path in given.items():
            text = text.replace(str(copy), str(path))
        raise type(error)(text) from error
