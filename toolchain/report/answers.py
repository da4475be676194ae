"""What a network answered to its test vectors, and how far that is from what they should get."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolchain.errors import GateweaveError
from toolchain.graph.readers.tflite.flatbuffer import Tensor, open_file
from toolchain.layout import Layout
from toolchain.results.facts.network import Scores
from toolchain.training.metrics import evaluate

Array = NDArray[Any]
Floats = NDArray[np.float64]

_MOST_CLASSES = 255
_ITSELF = "its own input, which it gives back"
_MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class Answers:
    """Vectors, and what was answered.

    Attributes:
        x: the vectors as integers or floats, (N, *shape).
        said: the answers, (N, outputs).
        classes: names of the classes that the outputs are scores of; empty where they are values.
        truth: the class of each vector, (N,); or the values that it should get, (N, outputs); None where nobody says.
        vectors: which they are: "test set", "calibration", "random".
        against: what values are held against, in words.
    """

    x: Array
    said: Floats
    classes: tuple[str, ...] = ()
    truth: Array | None = None
    vectors: str = "test set"
    against: str = "y"

    @property
    def rebuilds(self) -> bool:
        """Whether the answers are held against the vectors themselves, as an autoencoder's are."""
        return self.against == _ITSELF

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class that was said of each vector, (N,); the first of equal scores wins."""
        labels: NDArray[np.int64] = self.said.argmax(axis=1).astype(np.int64)
        return labels

    @property
    def misses(self) -> Floats | None:
        """Answer less what it should be, (N, outputs); None where the outputs are classes or nobody says."""
        return None if self.classes or self.truth is None else self.said - self.truth.reshape(self.said.shape)

    def scores(self) -> Scores | None:
        """Accuracy and confusion; None where the outputs are no classes or nobody says the true ones."""
        if not self.classes or self.truth is None:
            return None
        return evaluate(self.truth, self.labels, self.classes, self.vectors)

    def worst(self, most: int) -> NDArray[np.int64]:
        """Numbers of the vectors that were answered worst, the worst first: of classes only those that are wrong."""
        if self.truth is None:
            return np.zeros(0, np.int64)
        if (misses := self.misses) is not None:
            return np.argsort(-np.square(misses).mean(axis=1), kind="stable")[:most]
        rows = np.arange(len(self.said))
        margins = self.said[rows, self.labels] - self.said[rows, self.truth]
        wrong = np.flatnonzero(self.labels != self.truth)
        return wrong[np.argsort(-margins[wrong], kind="stable")][:most]


@dataclass(frozen=True)
class Errors:
    """How far values are off: root of the mean square, mean and greatest amount; `explained` is R squared."""

    rms: float
    mean: float
    greatest: float
    explained: float | None


def errors_of(answers: Answers) -> Errors | None:
    """The errors of all outputs together; None where there is nothing to hold them against."""
    misses, truth = answers.misses, answers.truth
    if misses is None or truth is None or not misses.size:
        return None
    spread = float(np.square(truth - truth.mean(axis=0)).sum())
    explained = 1 - float(np.square(misses).sum()) / spread if spread else None
    amounts = np.abs(misses)
    return Errors(float(np.sqrt(np.square(misses).mean())), float(amounts.mean()), float(amounts.max()), explained)


def answers_of(layout: Layout, manifest: Mapping[str, Any], stages: Collection[str]) -> Answers | None:
    """The answers of a build as its stages left them; None where they left none that can be read.

    Args:
        manifest: the package's, as plain JSON.
        stages: those whose records are the package's own.
    """
    request = layout.request
    stage = "export" if request.file is None else "graphs" if request.flow == "ort" else "integers"
    golden = _arrays(layout.stage(stage) / "golden.npz") if stage in stages else {}
    try:
        if stage == "export":
            return _own(golden, manifest.get("data") or {})
        return _of_file(golden, layout, manifest, stage)
    except (KeyError, TypeError, ValueError, AttributeError, GateweaveError):
        return None


def _own(golden: Mapping[str, Array], data: Mapping[str, Any]) -> Answers:
    shape = data.get("shape") or (golden["x"].shape[1],)
    x = golden["x"].reshape(len(golden["x"]), *shape)
    return Answers(x, golden["logits"].astype(np.float64), tuple(data["classes"]), golden["truth"].astype(np.int64))


def _of_file(golden: Mapping[str, Array], layout: Layout, manifest: Mapping[str, Any], stage: str) -> Answers:
    facts = manifest[stage]
    said = golden["reference" if stage == "graphs" else "logits"]
    said = said.reshape(len(said), -1).astype(np.float64)
    given = _arrays(layout.stage("load") / "test.npz")
    x, truth, vectors = given.get("x", golden["x"]), golden.get("truth"), facts["vectors"]["kind"]
    x = x if len(x) == len(said) else golden["x"]
    if truth is not None and len(truth) == len(said) and 1 < said.shape[1] <= _MOST_CLASSES and _are_classes(facts):
        return Answers(x, said, tuple(map(str, range(said.shape[1]))), truth.astype(np.int64), vectors)
    return _values(x, said, given.get("y"), layout, vectors, scaled=stage == "integers")


def _are_classes(facts: Mapping[str, Any]) -> bool:
    """Whether the outputs are proved as classes; on an FPGA the true ones say so."""
    kind = (facts.get("outputs") or {}).get("kind") if isinstance(facts.get("outputs"), Mapping) else "classes"
    return bool(kind == "classes")


def _values(x: Array, said: Floats, y: Array | None, layout: Layout, vectors: str, *, scaled: bool) -> Answers:
    """Answers that are values, in the file's own unit: held against `y`, or the vectors where they make these again."""
    units = _units(layout.stage("load") / "model.tflite")
    if units and not scaled:
        said = _in_unit(said, units[1])
    if y is not None and y.dtype.kind == "f" and y.size == said.size:
        return Answers(x, said, (), y.reshape(said.shape).astype(np.float64), vectors)
    again = vectors != "random" and x.dtype.kind in "fiu" and x.size == said.size
    if not again or (x.dtype.kind != "f" and units is None):
        return Answers(x, said, (), None, vectors)
    truth = x.reshape(said.shape).astype(np.float64)
    truth = _in_unit(truth, units[0]) if units and x.dtype.kind != "f" else truth
    return Answers(x, said, (), truth, vectors, _ITSELF)


def _units(path: Path) -> tuple[Tensor, Tensor] | None:
    """The first input and output of a TFLite file, where both have a scale."""
    if not path.is_file():
        return None
    file = open_file(path)
    ends = file.tensors[file.inputs[0]], file.tensors[file.outputs[0]]
    return ends if all(len(tensor.scale) == 1 for tensor in ends) else None


def _in_unit(codes: Floats, tensor: Tensor) -> Floats:
    """What the codes of a tensor stand for."""
    values: Floats = (codes - float(tensor.zero_point[0])) * float(tensor.scale[0])
    return values


def _arrays(path: Path) -> dict[str, Array]:
    """The arrays of a file; none where it is absent, damaged or beyond 256 MiB."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return {}
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return {}
