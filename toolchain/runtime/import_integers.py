"""A file whose own framework computes with integers becomes the graphs of a board, all made of its integer graph.

A quantised ONNX file is one more graph as it came: ONNX Runtime has integer kernels of its own for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from toolchain.errors import ModelError
from toolchain.graph.graph import Graph
from toolchain.graph.ops import ArgMax, Reshape, Softmax
from toolchain.layout import OutputKind
from toolchain.progress import Progress
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.convert import within
from toolchain.runtime.free_batch import settle_batch
from toolchain.runtime.given_data import Data
from toolchain.runtime.imported import FILE, Imported
from toolchain.runtime.integer_kernels import adds
from toolchain.runtime.meaning import meaning_of, remarks
from toolchain.runtime.network_file.opening import Opened
from toolchain.runtime.network_file.proof import prove_on
from toolchain.runtime.network_file.whole import whole_makers
from toolchain.runtime.proof_vectors import Vectors
from toolchain.runtime.session import open_session, run_session
from toolchain.runtime.shelf import Shelf


def import_integers(
    kind: str,
    opened: Opened,
    data: Data,
    settings: GraphSettings,
    asked: OutputKind | None,
    progress: Progress,
    *,
    file: onnx.ModelProto | None = None,
    notices: Sequence[str] = (),
) -> Imported:
    """Prove the integer graph equal to the file's framework, and make all graphs of it that can be made.

    Args:
        kind: see `Imported`.
        file: the file itself, where ONNX Runtime has integer kernels for it.
        notices: what a person should know already.

    Raises:
        ModelError: no graph can be made.
        VerificationError: the integers answer otherwise than the file.
        DataError: a file of data does not fit the network.
    """
    vectors = data.vectors(opened.feeds, opened.source.answer_size)
    proved = prove_on(opened, vectors, progress)
    progress("making the graphs")
    reference = proved.outputs
    shelf = Shelf(vectors.x, reference)
    for name, make in whole_makers(opened.source, settings).items():
        shelf.add(name, make)
    if file is not None:
        shelf.add(FILE, lambda: _as_it_came(file, vectors, settings))
    if not shelf.graphs:
        raise ModelError("; ".join(dict.fromkeys(shelf.left_out.values())))
    meaning = meaning_of(
        file or next(iter(shelf.graphs.values())), reference, vectors, asked, last_of(opened.source.graph)
    )
    told = (*notices, *opened.source.notices, *filter(None, [proved.notice]), *remarks(meaning, reference))
    return Imported(
        kind, shelf.graphs, shelf.left_out, vectors, reference, opened.framework, proved.answers, meaning, told
    )


def last_of(graph: Graph) -> str:
    """The operator behind the first output where it decides on classes: graphs that are made show only its tables."""
    node = graph[graph.outputs[0].node]
    while isinstance(node.op, Reshape):
        node = graph[node.inputs[0]]
    return type(node.op).__name__ if isinstance(node.op, Softmax | ArgMax) else ""


def _as_it_came(file: onnx.ModelProto, vectors: Vectors, settings: GraphSettings) -> onnx.ModelProto:
    """The file in an opset of the board, its batch open where its rows are answered each for itself.

    Raises:
        ModelError: the board's processor may answer otherwise, or the opset cannot be had.
    """
    if settings.machine != "x86_64" and adds(file):
        raise ModelError(
            f"it adds two computed tensors: ONNX Runtime's kernel for {settings.machine} (QLinearAdd) rounds otherwise "
            "than that for x86-64, which it was compared with"
        )
    alone = run_session(open_session(file, RunOptions("none")), vectors.x, 1)
    if settings.batch is None:
        file, _ = settle_batch(file, vectors.x, alone)
    return within(file, 0, settings.opset, vectors.x, alone)
