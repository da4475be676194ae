"""`device.json` of a package for ONNX Runtime: what it expects of the device, and what each graph promises there.

The self-test on the device reads the same file with the standard library alone; see `toolchain.device.ort`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolchain.results.check import VectorKind
from toolchain.results.facts.runtime import SessionOptions
from toolchain.results.model import Number, Record

DEVICE_FORMAT = 1


class Promise(Record):
    """What a graph promises of its answers; see `toolchain.runtime.package.Judge`."""

    kind: Literal["exact", "labels", "values", "none"]
    differing: Number
    tolerance: Number
    tie: Number


class PackedGraph(Record):
    """One graph; see `toolchain.runtime.package.DeviceGraph` and `signature`.

    Attributes:
        batch: vectors that one call takes; None where the file leaves that open.
    """

    file: str
    sha256: str
    floor: str | None
    judge: Promise
    precision: Literal["int8", "fp16", "fp32"]
    gpu: bool
    meaning: str
    proved: str
    within_budget: bool
    options: SessionOptions
    input: str
    shape: tuple[int, ...]
    open: bool
    batch: int | None
    input_type: str
    output_type: str


class PackedWheel(Record):
    """One pinned Python package; `sha256` is None where its maker publishes none and it is not packed."""

    file: str
    sha256: str | None
    source: str
    packed: bool


class GoldenVectors(Record):
    """The golden vectors' files, raw and little-endian, and what they hold; types are ONNX's."""

    inputs: str
    outputs: str
    magnitudes: str
    vectors: int
    input_type: str
    input_elements: int
    output_type: str
    output_elements: int
    classes: tuple[str, ...]
    kind: VectorKind


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

    format: Literal[1]
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
