"""Which network a build has, and how frames become its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toolchain.can.data.provenance import WindowsProvenance
from toolchain.can.data.windows import ENCODINGS, encoding_named
from toolchain.errors import BuildError, ConfigError, ModelError
from toolchain.files import sha256
from toolchain.graph.dense import DenseNetwork, dense_network
from toolchain.graph.file.store import load_graph
from toolchain.layout import Layout
from toolchain.results.facts import DataFacts
from toolchain.results.model import parse
from toolchain.results.record import read_record

_FILE = "integer.onnx"


@dataclass(frozen=True)
class Detector:
    """A trained network for windows of CAN frames.

    Attributes:
        model: its name; `recipe`: the network's name within it.
        classes: normal first.
        encoding, window, input_type: how `toolchain.can.data.windows` makes its inputs.
        data: kind of data it was trained on: "synthetic" or "captures".
        captures: SHA-256 of the files it was trained on.
    """

    model: str
    recipe: str
    network: DenseNetwork
    classes: tuple[str, ...]
    encoding: str
    window: int
    input_type: str
    data: str
    captures: frozenset[str] = frozenset()

    def seen_before(self, hashes: frozenset[str]) -> list[str]:
        """A notice where one of these files was among those that the network was trained on."""
        if not self.captures & hashes:
            return []
        return ["the network was trained on parts of this capture: its accuracy here says little about other traffic"]

    @property
    def title(self) -> str:
        """One line for a person."""
        kind = ", trained on synthetic data" if self.data == "synthetic" else ""
        return f"{self.model} ({self.recipe}{kind}), {self.window} frames a window"


def load_detector(layout: Layout) -> Detector:
    """The network of a build.

    Raises:
        ConfigError: the model does not take CAN frames.
        BuildError: it has not been built, or its files were changed.
        ModelError: its file does not match its data.
    """
    request = layout.request
    if request.file:
        raise ConfigError("NETWORK: nothing tells how CAN frames become this file's inputs; use a model of models/")
    if not (layout.token("data").exists() and layout.token("streamline").exists()):
        raise BuildError(
            f"{request.model} ({request.network}) is not trained yet; run `make build MODEL={request.model}`"
        )
    facts = read_record(layout, "data").facts_as(DataFacts)
    if facts.provenance.get("encoding") not in ENCODINGS:
        raise ConfigError(f"model {request.model} takes no windows of CAN frames; use one that does, such as cqmlp")
    made = parse(facts.provenance, WindowsProvenance, str(layout.record("data")), "make build")
    network = dense_network(load_graph(file_as_built(layout, "streamline", _FILE)))
    encoding, window, classes = encoding_named(made.encoding), made.window, facts.classes
    if (network.inputs, network.classes) != (encoding.inputs(window), len(classes)):
        raise ModelError(
            f"{_FILE}: {network.inputs} inputs and {network.classes} classes, the data has "
            f"{encoding.inputs(window)} and {len(classes)}; run `make build` again"
        )
    seen = frozenset(capture.sha256 for capture in made.captures)
    names = (request.model, request.network)
    return Detector(*names, network, classes, encoding.name, window, encoding.input_type, facts.kind, seen)


def file_as_built(layout: Layout, stage: str, name: str) -> Path:
    """A file of a stage, checked against the stage's record.

    Raises:
        BuildError: it is missing or was changed.
    """
    record, path = read_record(layout, stage), layout.stage(stage) / name
    expected = next((digest for output, digest in record.outputs.items() if output.endswith(f"/{name}")), None)
    if not path.is_file() or sha256(path) != expected:
        model = layout.request.model
        raise BuildError(f"{path}: missing or changed since it was built; run `make build MODEL={model}`")
    return path
