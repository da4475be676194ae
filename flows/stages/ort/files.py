"""What the graphs stage writes and the stages after it read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import onnx

from flows.stages.context import Context
from toolchain.board import OrtBoard
from toolchain.files import write_atomic
from toolchain.layout import OutputKind
from toolchain.results.check import VectorKind
from toolchain.results.device import COMPILED
from toolchain.results.facts import ProveFacts
from toolchain.results.facts.runtime import GraphProof
from toolchain.results.model import Record, RecordFile, read_file, write_file
from toolchain.runtime.half import is_rounded
from toolchain.runtime.imported import FILE, Imported
from toolchain.runtime.meaning import Meaning
from toolchain.runtime.operator_library import library_beside, make_known, operator_of
from toolchain.runtime.proof_vectors import Vectors

OWN = "network"
"""Kind of what is made of a network of ours; the others are third-party files."""

_INDEX, _GOLDEN = "graphs.json", "golden.npz"


class MeaningSaid(Record):
    """What the outputs are; see `toolchain.runtime.meaning.Meaning`."""

    kind: OutputKind
    why: str
    notice: str


class GraphsIndex(RecordFile):
    """What stands beside the graphs and the vectors; see `toolchain.runtime.imported.Imported`."""

    VERSION: ClassVar[int] = 2
    TITLE: ClassVar[str] = "index of graphs"

    kind: str
    reference: str
    vectors: VectorKind
    left_out: Mapping[str, str]
    graphs: tuple[str, ...]
    meaning: MeaningSaid
    notices: tuple[str, ...]


def save(made: Imported, out: Path) -> None:
    """Write every graph, and the vectors with what the reference says of them."""
    for name, model in made.graphs.items():
        write_atomic(out / f"{name}.onnx", model.SerializeToString(deterministic=True))
    optional = {"truth": made.vectors.truth, "integers": made.integers}
    arrays = {name: array for name, array in optional.items() if array is not None}
    np.savez(out / _GOLDEN, allow_pickle=False, x=made.vectors.x, reference=made.reference, **arrays)
    index = GraphsIndex(
        kind=made.kind,
        reference=made.reference_name,
        vectors=made.vectors.kind,
        left_out=made.left_out,
        graphs=tuple(made.graphs),
        meaning=MeaningSaid(**vars(made.meaning)),
        notices=tuple(made.notices),
    )
    write_file(out / _INDEX, index)


def load(context: Context) -> Imported:
    """Read what `save` wrote."""
    folder = context.layout.stage("graphs")
    index = read_file(folder / _INDEX, GraphsIndex, "make build")
    graphs = {name: onnx.load(folder / f"{name}.onnx") for name in index.graphs}
    for name, model in graphs.items():
        if operator := operator_of(model):
            make_known(operator, library_beside(folder / f"{name}.onnx", os.uname().machine))
    with np.load(folder / _GOLDEN) as arrays:
        optional = {name: arrays[name] if name in arrays.files else None for name in ("truth", "integers")}
        vectors = Vectors(arrays["x"], optional["truth"], index.vectors)
        reference = arrays["reference"]
    return Imported(
        index.kind,
        graphs,
        dict(index.left_out),
        vectors,
        reference,
        index.reference,
        optional["integers"],
        Meaning(**vars(index.meaning)),
        index.notices,
    )


@dataclass(frozen=True)
class Graph:
    """How a kind of graph is named to the device."""

    precision: Literal["int8", "fp16", "fp32"]
    gpu: bool


GRAPHS: Mapping[str, Graph] = {
    "fp32": Graph("fp32", True),
    "fp16": Graph("fp16", True),
    "qcdq": Graph("int8", False),
    "int8": Graph("int8", False),
    "qdq": Graph("int8", False),
    "lowered": Graph("fp32", True),
    "tensorrt": Graph("int8", True),
    COMPILED: Graph("int8", False),
}


def suits(name: str, context: Context) -> bool:
    """Whether a board has a use for a graph: TensorRT's is for Jetsons."""
    return name != "tensorrt" or context.ort_board.jetson is not None


def binds(made: Imported, name: str, board: OrtBoard) -> bool:
    """Whether a graph answers on the board's processor as on this one, whose sums are of float32 and then rounded."""
    return not (board.runtime.adds_in_float16 and is_rounded(made.graphs[name]))


def is_exact(made: Imported, name: str) -> bool:
    """Whether a graph promises every output: its sums are of integers, on every processor; floats' may round apart.

    Of a file as it came, a processor whose kernels saturate would break that promise, and its self-test say so.
    """
    return made.kind == OWN or made.is_whole(name) or (made.whole and name == FILE)


def proofs_of(context: Context) -> Mapping[str, GraphProof]:
    """What the prove stage found, by graph."""
    return context.facts("prove", ProveFacts).graphs
