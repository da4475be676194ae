"""library: the network as plain C, held against the integer graph on all vectors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from flows.stages.context import Context, Outcome
from flows.stages.files import network_file
from flows.stages.foreign.load import file_of
from flows.stages.network.files import INTEGER
from flows.stages.ort.files import load
from toolchain.errors import ModelError, VerificationError
from toolchain.graph.execute import run as execute
from toolchain.graph.file.store import load_graph
from toolchain.graph.graph import Graph
from toolchain.graph.types import Integers
from toolchain.kernels.compiled import CompiledNetwork
from toolchain.kernels.library import write_library
from toolchain.results.check import Check
from toolchain.results.facts import LibraryFacts
from toolchain.runtime.network_file.answer import integers_of
from toolchain.runtime.network_file.opening import open_network
from toolchain.runtime.rows import Rows

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
        graph, feeds = _network(context, made.vectors.x)
    except ModelError as error:
        why = str(error).removeprefix(f"{file_of(context)}: ")
        return Outcome(f"none: {why}", facts=LibraryFacts(left_out=why))
    compiled, kind = CompiledNetwork(graph, context.work), made.vectors.kind
    context.progress(f"the compiled C on {len(made.vectors.x):,} vectors")
    answers = compiled.run(feeds)
    check = Check(len(made.vectors.x), _equal(graph, feeds, answers), "outputs", kind)
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
    told = f"C = integer graph, every output, on {check.equal:,} of {check.compared:,} vectors ({kind})"
    return Outcome(f"{told}; {facts.work_bytes:,} bytes of work space", {"library": check}, facts)


def _network(context: Context, x: Rows) -> tuple[Graph, dict[str, Integers]]:
    """The network as integers, and the vectors as it takes them.

    Raises:
        ModelError: it is none of whole numbers.
    """
    if not context.request.file:
        graph = load_graph(network_file(context, INTEGER))
        shape = graph.types[graph.sole_input].shape
        return graph, {graph.sole_input: np.asarray(x).reshape(len(x), *shape)}
    source = open_network(file_of(context)).source
    return source.graph, integers_of(source, x)


def _equal(graph: Graph, feeds: Named, answers: Named) -> int:
    """How many vectors have all outputs equal: all of them.

    Raises:
        VerificationError: one has not.
    """
    expected = execute(graph, feeds)
    rows = np.ones(len(next(iter(feeds.values()))), bool)
    for output in graph.outputs:
        same = (answers[output.name] == expected[output.node]).reshape(len(rows), -1).all(axis=1)
        if not same.all():
            raise VerificationError(f"library: vector {int(np.argmin(same))}: output {output.name} differs")
        rows &= same
    return int(rows.sum())


def _few(feeds: Named, answers: Named) -> int:
    """Vectors that a library brings along."""
    one = sum(int(values[0].nbytes) for values in (*feeds.values(), *answers.values()))
    return max(1, min(len(next(iter(feeds.values()))), _BYTES // one))
