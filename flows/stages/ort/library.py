"""library: the network as plain C, held against the golden answers on all vectors, and against the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from flows.stages.context import Context, Outcome
from flows.stages.files import network_file
from flows.stages.foreign.load import file_of
from flows.stages.network.files import INTEGER
from flows.stages.ort.files import load
from toolchain.errors import ModelError, VerificationError
from toolchain.graph.file.store import load_graph
from toolchain.graph.graph import Graph
from toolchain.graph.labelled import scores_of
from toolchain.graph.types import Integers
from toolchain.kernels.choose import ways_of
from toolchain.kernels.compiled import CompiledNetwork
from toolchain.kernels.library import write_library
from toolchain.kernels.quick import must_agree
from toolchain.results.check import Check
from toolchain.results.facts import GraphsFacts, LibraryFacts
from toolchain.runtime.derive.graphs import answers as scaled
from toolchain.runtime.imported import Imported
from toolchain.runtime.network_file.answer import finished, integers_of
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.rows import Rows, names_of, parts_of

# Of `make test` in the library's folder: about a megabyte.
_BYTES = 2**20

Named = Mapping[str, Integers]


def run(context: Context) -> Outcome:
    """Write the library's folder; nothing but the reason where the network is none of whole numbers.

    Raises:
        VerificationError: its answers are others than the integer graph's; names the first vector and output.
    """
    made = load(context)
    try:
        graph, feeds, golden = _network(context, made)
    except ModelError as error:
        why = str(error).removeprefix(f"{file_of(context)}: ")
        return Outcome(f"none: {why}", facts=LibraryFacts(left_out=why))
    ways = ways_of(context.facts("graphs", GraphsFacts).ways)
    compiled, kind = CompiledNetwork(graph, context.work, ways=ways), made.vectors.kind
    context.progress(f"the compiled C on {len(made.vectors.x):,} vectors")
    answers = compiled.run(feeds)
    interpreted = must_agree(graph, feeds, answers)
    check = Check(
        len(made.vectors.x), _equal(golden, {o.node: answers[o.name] for o in graph.outputs}), "outputs", kind
    )
    few = _few(feeds, answers)
    write_library(
        compiled.source,
        context.out,
        context.request.model,
        {name: values[:few] for name, values in feeds.items()},
        {name: values[:few] for name, values in answers.items()},
        proved=check.compared,
        kind="random vectors" if kind == "random" else kind,
    )
    facts = LibraryFacts(work_bytes=compiled.source.memory.size, packed=few)
    told = f"C = golden answers, every output, on {check.equal:,} of {check.compared:,} vectors ({kind})"
    more = "" if interpreted == check.compared else f", = the interpreter on {interpreted:,} of them"
    return Outcome(f"{told}{more}; {facts.work_bytes:,} bytes of work space", {"library": check}, facts)


@dataclass(frozen=True)
class _Golden:
    """Answers that the graphs stage has proved.

    Attributes:
        answers: shape (N, ...); finish: makes such of the graph's tensors, by their nodes.
    """

    answers: Rows
    finish: Callable[[Named], Rows]


def _network(context: Context, made: Imported) -> tuple[Graph, dict[str, Integers], _Golden]:
    """The network as integers, the vectors as it takes them, and their answers.

    Raises:
        ModelError: it is none of whole numbers.
    """
    x = np.asarray(made.vectors.x)
    if context.request.file:
        source = open_network(file_of(context)).source
        assert made.integers is not None, "a graph of integers that was opened has answered"
        return source.graph, integers_of(source, x), _Golden(made.integers, partial(finished, source))
    graph = load_graph(network_file(context, INTEGER))
    (end,) = scores_of(graph)
    feeds = {graph.sole_input: x.reshape(len(x), *graph.types[graph.sole_input].shape)}
    return graph, feeds, _Golden(made.reference, lambda values: scaled(end, values[end.node]))


def _equal(golden: _Golden, found: Named) -> int:
    """How many vectors have all golden answers: all of them.

    Raises:
        VerificationError: one has not.
    """
    answers = golden.finish(found)
    rows = np.ones(len(answers), bool)
    for name, wanted in parts_of(golden.answers, names_of(golden.answers) or ("",)).items():
        got = parts_of(answers, [name])[name].reshape(wanted.shape)
        rows &= (got == wanted).reshape(len(rows), -1).all(axis=1)
    if not rows.all():
        raise VerificationError(
            f"library: vector {int(np.argmin(rows))}: the C answers otherwise than the integer graph"
        )
    return len(rows)


def _few(feeds: Named, answers: Named) -> int:
    """Vectors that a library brings along."""
    one = sum(int(values[0].nbytes) for values in (*feeds.values(), *answers.values()))
    return max(1, min(len(next(iter(feeds.values()))), _BYTES // one))
