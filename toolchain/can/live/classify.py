"""Who judges the windows: compiled C, ONNX Runtime, the integer network itself, or a board."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from toolchain.can.data.frames import Bytes
from toolchain.device.link.answers import Values, label_of
from toolchain.errors import ModelError, ToolError
from toolchain.graph.dense import DenseNetwork
from toolchain.kernels.compiled import CompiledNetwork
from toolchain.results.detection import AnswerKind
from toolchain.results.device import DeviceDescription
from toolchain.results.options import RunOptions
from toolchain.runtime.builder import GraphSettings
from toolchain.runtime.derive.alive import without_constants
from toolchain.runtime.derive.graphs import made
from toolchain.runtime.operator_library import library_beside, make_known, operator_of
from toolchain.runtime.prove import prove
from toolchain.runtime.session import open_session, run_session
from toolchain.training.inputs import pack

Labels = NDArray[np.int64]

# Exact by construction wherever the network can be written so at all, and fast on every processor.
_GRAPH = "fp32"
_TRIED = 20_000


class Classifier(Protocol):
    """Judges windows.

    Attributes:
        name: what judges, for people.
        kind: of its answers and its speed: "measured", or "simulated" where the board is.
        batch: how many windows it takes at once with profit; between batches a run can be ended.
    """

    name: str
    kind: AnswerKind
    batch: int

    def labels(self, x: Bytes) -> Labels:
        """Class of each vector, (n,), of inputs (n, inputs); the first of equal logits wins.

        Raises:
            GateweaveError: it cannot answer.
        """


class IntegerClassifier:
    """The exact integer network, in this process."""

    kind: AnswerKind = "measured"
    batch = 4096

    def __init__(self, network: DenseNetwork) -> None:
        self.name, self._network = "host, the integer network in NumPy (exact)", network

    def labels(self, x: Bytes) -> Labels:
        """See `Classifier.labels`."""
        return self._network.run(x).labels


class CompiledClassifier:
    """The integer network as C, compiled for this machine.

    Args:
        proved: what it was proved to be, for people.

    Raises:
        ModelError: a node kind has no C.
        ToolError: there is no C compiler, or it fails.
    """

    kind: AnswerKind = "measured"
    batch = 4096

    def __init__(self, network: DenseNetwork, proved: str = "exact") -> None:
        self.name, self._graph = f"host, the network as compiled C ({proved})", network.scores
        with TemporaryDirectory(prefix="gateweave-") as folder:
            self._compiled = CompiledNetwork(self._graph, Path(folder))

    def scores(self, x: Bytes) -> NDArray[np.int64]:
        """Integers of each class, (n, classes), of inputs (n, inputs).

        Raises:
            ModelError: an input holds what the network does not take.
        """
        (output,) = self._graph.outputs
        found = self._compiled.run({self._graph.sole_input: x})[output.name]
        return found.reshape(len(x), -1).astype(np.int64)

    def labels(self, x: Bytes) -> Labels:
        """See `Classifier.labels`."""
        return np.asarray(self.scores(x).argmax(axis=1), np.int64)


class OrtClassifier:
    """A graph of the network in ONNX Runtime, on one thread of this machine.

    Args:
        graph: its name and what it was proved to be, for people.
        options: the session options that its answers were proved with.

    Raises:
        ModelError: ONNX Runtime refuses the graph.
    """

    kind: AnswerKind = "measured"
    batch = 4096

    def __init__(self, graph: str, model: onnx.ModelProto | bytes, options: RunOptions) -> None:
        self.name = f"host, ONNX Runtime {onnxruntime.__version__}, graph {graph}, 1 thread"
        self._session = open_session(model, options)

    def labels(self, x: Bytes) -> Labels:
        """See `Classifier.labels`."""
        outputs = run_session(self._session, x, self.batch).reshape(len(x), -1)
        return np.asarray(outputs.argmax(axis=1), np.int64)


def packed_classifier(package: Path, device: DeviceDescription) -> OrtClassifier:
    """The graph that a device package chose; `device` is its `device.json`.

    Raises:
        ModelError: ONNX Runtime refuses the graph.
    """
    graph = device.graphs[device.chosen]
    proved = "exact" if graph.promise.kind == "exact" else "within its accuracy budget"
    path = package / graph.file
    model = onnx.load(path)
    if operator := operator_of(model):
        make_known(operator, library_beside(path, os.uname().machine))
    return OrtClassifier(f"{device.chosen} ({proved})", model, graph.options)


def proved_classifier(network: DenseNetwork, golden: Path) -> Classifier:
    """What is made of the network just now and answers the golden vectors exactly: compiled C, a graph, or itself.

    Args:
        golden: `golden.npz` of the export stage; rows spread over it are tried.

    Raises:
        ModelError: ONNX Runtime refuses the graph.
    """
    with np.load(golden) as arrays:
        rows = np.linspace(0, len(arrays["x"]) - 1, min(len(arrays["x"]), _TRIED)).astype(np.int64)
        x, reference = arrays["x"][rows], arrays["logits"][rows]
    told = f"exact on {len(rows):,} vectors"
    try:
        compiled = CompiledClassifier(network, told)
    except (ModelError, ToolError):
        return _graph_classifier(network, x, reference, told)
    if (_floats(network, compiled.scores(x)) == reference).all():
        return compiled
    return _graph_classifier(network, x, reference, told)


def _floats(network: DenseNetwork, scores: NDArray[np.int64]) -> NDArray[np.float32]:
    return (scores * network.logit_scale + network.logit_offset).astype(np.float32)


def _graph_classifier(network: DenseNetwork, x: Bytes, reference: NDArray[np.float32], told: str) -> Classifier:
    x = x.astype(np.float32)
    options, model = RunOptions(), made(without_constants(network.scores), _GRAPH, GraphSettings()).model
    if not prove(model, x, reference, options, batches=(OrtClassifier.batch,)).exact:
        return IntegerClassifier(network)
    return OrtClassifier(f"{_GRAPH} ({told})", model, options)


class BoardDriver(Protocol):
    """The driver of a board, over whatever link."""

    def infer_many(self, vectors: Sequence[bytes]) -> list[Values]:
        """The answers to packed vectors."""


class BoardClassifier:
    """A board, through its driver, which has checked that the board holds this very network.

    Args:
        name: the board and how it is reached.
        input_type: of the vectors' elements.
        kind: "simulated" for a virtual board.
    """

    # Fewer than on the host, for boards are slower.
    batch = 256

    def __init__(
        self, name: str, driver: BoardDriver, input_type: str, classes: int, kind: AnswerKind = "measured"
    ) -> None:
        self.name, self.kind = name, kind
        self._driver, self._input_type, self._classes = driver, input_type, classes

    def labels(self, x: Bytes) -> Labels:
        """See `Classifier.labels`."""
        answers = self._driver.infer_many([row.tobytes() for row in pack(x, self._input_type)])
        labels = np.array([label_of(values) for values in answers], np.int64)
        if len(labels) != len(x) or (labels.size and not 0 <= labels.min() <= labels.max() < self._classes):
            raise ToolError(f"{self.name}: {len(labels)} answers to {len(x)} vectors, or one that is no class")
        return labels
