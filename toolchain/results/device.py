"""`device.json` of a package for ONNX Runtime: what it expects of the device, and what each graph promises there.

The self-test on the device reads the same file with the standard library alone; see `toolchain.device.ort`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from toolchain.results.check import VectorKind
from toolchain.results.model import Number, Record
from toolchain.results.options import RunOptions

DEVICE = "device.json"
DEVICE_FORMAT: Literal[3] = 3

COMPILED = "compiled"
"""The graph of one operator; see `toolchain.runtime.compiled_graph`."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid", allow_inf_nan=False))
class Promise:
    """What a graph promises of its answers to the golden vectors on the device's CPU.

    Attributes:
        kind: "exact": every output equals the reference's; "labels": at most the share `differing` of labels differs;
            "values": at most the share `differing` of vectors has an output off by more than `tolerance`, relative to
            the output's magnitude; "none": nothing, since its answers are too far from the reference's, or those of
            the device's processor are not known.
        tie: outputs this near to a vector's greatest, relative to its magnitude, share its label.
    """

    kind: Literal["exact", "labels", "values", "none"]
    differing: Number = 0.0
    tolerance: Number = 0.0
    tie: Number = 0.0


class PackedInput(Record):
    """An input of a graph; `shape` has 1 for what the file leaves open, `type` is ONNX's name of an element."""

    name: str
    shape: tuple[int, ...]
    type: str


class PackedOutput(Record):
    """An output of a graph."""

    name: str
    type: str


class PackedGraph(Record):
    """One graph; see `toolchain.runtime.package.DeviceGraph` and `signature`.

    Attributes:
        inputs, outputs: in the order that rows of vectors and answers have them.
        open: whether the file leaves a size open.
        batch: vectors that one call takes; None where the file leaves that open.
    """

    file: str
    sha256: str
    floor: str | None
    promise: Promise
    precision: Literal["int8", "fp16", "fp32"]
    gpu: bool
    meaning: str
    proved: str
    within_budget: bool
    options: RunOptions
    inputs: tuple[PackedInput, ...]
    outputs: tuple[PackedOutput, ...]
    open: bool
    batch: int | None


class PackedWheel(Record):
    """One pinned Python package; `sha256` is None where its maker publishes none and it is not packed."""

    file: str
    sha256: str | None
    source: str
    packed: bool


class GoldenSide(Record):
    """An input or output in the golden vectors: ONNX's name of its type, and elements of one vector."""

    type: str
    elements: int


class GoldenVectors(Record):
    """The golden vectors' files, raw and little-endian.

    Attributes:
        inputs, outputs, magnitudes: file names. A row of `inputs` holds all inputs of a vector, one after the other.
        rows: what a row of `inputs` and of `outputs` holds.
        stages: what stands at the end of an answer by the stage that gave it, of a network of several stages.
    """

    inputs: str
    outputs: str
    magnitudes: str
    vectors: int
    rows: Mapping[Literal["inputs", "outputs"], tuple[GoldenSide, ...]]
    classes: tuple[str, ...]
    kind: VectorKind
    stages: tuple[Number, ...] = ()


class JetsonDescription(Record):
    """What comes with a Jetson; see `toolchain.board.Jetson`."""

    jetpack: str
    tensorrt: str
    cuda: str
    soc: str
    compute_capability: str
    int8: bool
    power_modes: Mapping[str, str]


class DeviceDescription(Record):
    """All of it; see `toolchain.board.Runtime` for what is pinned.

    Attributes:
        chosen: the graph that runs unless told otherwise.
        budget: share of labels that may differ on a GPU; of values, by how much of their size.
        outputs: what they are.
    """

    format: Literal[3]
    board: str
    title: str
    model: str
    machine: str
    image: str
    python: str
    onnxruntime: str
    providers: tuple[str, ...]
    cores: int
    core: int
    emulator: str | None
    jetson: JetsonDescription | None
    wheels: tuple[PackedWheel, ...]
    graphs: Mapping[str, PackedGraph]
    chosen: str
    budget: Number
    outputs: Literal["classes", "values"]
    golden: GoldenVectors
