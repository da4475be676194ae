"""The device package: graphs, runners, golden vectors, wheels, and the self-test that runs them offline."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import onnx

from toolchain.board import OrtBoard, Wheel
from toolchain.device.bundle import bundle, package_folder
from toolchain.device.programs import write_program
from toolchain.errors import ModelError
from toolchain.files import sha256, write_atomic, write_json
from toolchain.results.check import VectorKind
from toolchain.results.device import (
    DEVICE,
    DEVICE_FORMAT,
    DeviceDescription,
    GoldenVectors,
    JetsonDescription,
    PackedGraph,
    PackedInput,
    PackedOutput,
    PackedWheel,
    Promise,
)
from toolchain.results.options import RunOptions
from toolchain.runtime.binaries import runner_files
from toolchain.runtime.jetson import TensorRtGraph, trtexec_script
from toolchain.runtime.operator_library import library_beside
from toolchain.runtime.ort_readme import readme
from toolchain.runtime.package_golden import write_golden
from toolchain.runtime.rows import Rows
from toolchain.runtime.span import inputs_of

_SCRIPTS = package_folder("toolchain.device.scripts.ort")


@dataclass(frozen=True)
class DeviceGraph:
    """One graph of a package.

    Attributes:
        path: the ONNX file.
        promise: what it promises of its answers to the golden vectors on the device's CPU.
        libraries: of its operator, by machine; empty where all its operators are the runtime's own.
        floor: an Identity model of the same input, whose latency is the least that this machine can do; or None.
        precision: that of its arithmetic in TensorRT: "int8" where it has Q/DQ nodes.
        gpu: whether it is made for a GPU, too.
        options: the session options that its answers were proved with.
        meaning: what it is, in a few words.
        proved: what the build compared of it, in a few words.
        within_budget: whether it answers well enough to be chosen.
    """

    path: Path
    promise: Promise
    precision: Literal["int8", "fp16", "fp32"]
    gpu: bool
    meaning: str
    proved: str
    within_budget: bool = True
    floor: Path | None = None
    libraries: Mapping[str, Path] = field(default_factory=dict)
    options: RunOptions = RunOptions()  # noqa: RUF009 (it cannot change)


@dataclass(frozen=True)
class DeviceContent:
    """Everything that a device package is made of.

    Attributes:
        model: its name; `chosen`: the graph that the build found fastest within the budget, a key of `graphs`.
        inputs, outputs: golden vectors and the reference's answers, one a row; see `toolchain.runtime.rows`.
        meaning: what the outputs are: "classes", whose labels count, or "values".
        vector_kind: what vectors the golden ones are.
        classes: names of the classes; empty where the outputs are no classes.
        budget: share of labels that may differ on a GPU, where a graph that is exact on the CPU may round; of values,
            by how much of their magnitude they may.
        binaries: the compiled C runner by machine ("aarch64", "x86_64").
        wheels: fetched wheels to pack; empty without WHEELS=1.
        stages: what stands at the end of an answer by the stage that gave it, of a network of several.
    """

    model: str
    graphs: Mapping[str, DeviceGraph]
    chosen: str
    inputs: Rows
    outputs: Rows
    meaning: Literal["classes", "values"]
    vector_kind: VectorKind
    classes: Sequence[str]
    budget: float
    binaries: Mapping[str, Path]
    wheels: Sequence[Path] = ()
    stages: Sequence[float] = ()


def pack_device(package: Path, board: OrtBoard, content: DeviceContent) -> DeviceDescription:
    """Write everything of a device package but its manifest.

    Args:
        package: the package's folder; what it holds already stays. `device.checksums.write_manifest` comes afterwards.

    Returns:
        What device.json says, for the manifest.

    Raises:
        ModelError: a graph or the golden vectors do not suit the device.
        BuildError: a file cannot be written.
    """
    _must_suit(board, content)
    device = DeviceDescription(
        format=DEVICE_FORMAT,
        board=board.name,
        title=board.title,
        model=content.model,
        **board.runtime.model_dump(mode="json", exclude={"wheels", "opset", "ir_version"}),
        jetson=JetsonDescription(**board.jetson.model_dump(mode="json")) if board.jetson else None,
        wheels=tuple(_wheel(wheel, content.wheels) for wheel in board.runtime.wheels),
        graphs={name: _copy_graph(package, name, graph) for name, graph in content.graphs.items()},
        chosen=content.chosen,
        budget=content.budget,
        outputs=content.meaning,
        golden=_golden(package, content),
    )
    write_json(package / DEVICE, device.to_json())
    _copy_programs(package, content.binaries)
    for wheel in content.wheels:
        _copy(wheel, package / "wheels" / wheel.name)
    if board.jetson:
        _write_script(package / "trtexec.sh", trtexec_script(board.jetson, _for_tensorrt(device)))
    write_atomic(package / "README.md", readme(board, device, library=(package / "library").exists()))
    return device


def _must_suit(board: OrtBoard, content: DeviceContent) -> None:
    if content.chosen not in content.graphs:
        raise ModelError(f"{content.chosen}: was chosen, but the package has {', '.join(content.graphs)}")
    if content.graphs[content.chosen].promise.kind == "none":
        raise ModelError(f"{content.chosen}: was chosen, but promises nothing of its answers")
    if board.runtime.machine not in content.binaries:
        raise ModelError(f"C runner: compiled for {', '.join(content.binaries)}, not for {board.runtime.machine}")
    if content.wheels and [path.name for path in content.wheels] != [wheel.file for wheel in board.runtime.wheels]:
        raise ModelError(f"wheels: {', '.join(p.name for p in content.wheels)}: not those that {board.name} pins")


def _wheel(wheel: Wheel, packed: Sequence[Path]) -> PackedWheel:
    path = next((path for path in packed if path.name == wheel.file), None)
    digest = sha256(path) if path else wheel.sha256
    return PackedWheel(file=wheel.file, sha256=digest, source=wheel.source or "PyPI", packed=path is not None)


def _copy_graph(package: Path, name: str, graph: DeviceGraph) -> PackedGraph:
    file = f"models/{name}.onnx"
    _copy(graph.path, package / file)
    for machine, library in graph.libraries.items():
        _copy(library, library_beside(package / file, machine))
    floor = f"models/{graph.floor.name}" if graph.floor else None
    if graph.floor and floor:
        _copy(graph.floor, package / floor)
    taken = signature(graph.path)
    return PackedGraph(
        file=file,
        sha256=sha256(graph.path),
        floor=floor,
        promise=graph.promise,
        precision=graph.precision,
        gpu=graph.gpu,
        meaning=graph.meaning,
        proved=graph.proved,
        within_budget=graph.within_budget,
        options=graph.options,
        inputs=taken.inputs,
        outputs=taken.outputs,
        open=taken.open,
        batch=taken.batch,
    )


class Signature(NamedTuple):
    """What a graph takes and gives, as `PackedGraph` says it: `batch` is None where it is open."""

    inputs: tuple[PackedInput, ...]
    outputs: tuple[PackedOutput, ...]
    open: bool
    batch: int | None


def signature(path: Path) -> Signature:
    """Inputs and outputs of a graph.

    Raises:
        ModelError: inputs have batches of different sizes.
    """
    model = onnx.load(path, load_external_data=False)
    shapes = {value.name: _sizes(value) for value in inputs_of(model)}
    batches = {shape[0] for shape in shapes.values() if shape and shape[0]}
    if len(batches) > 1:
        raise ModelError(
            f"{path.name}: inputs of batches of {', '.join(map(str, sorted(batches)))}; one size is needed"
        )
    inputs = tuple(
        PackedInput(name=one.name, shape=tuple(size or 1 for size in shapes[one.name]), type=_element_type(one))
        for one in inputs_of(model)
    )
    outputs = tuple(PackedOutput(name=one.name, type=_element_type(one)) for one in model.graph.output)
    return Signature(inputs, outputs, not all(map(all, shapes.values())), next(iter(batches), None))


def _sizes(value: onnx.ValueInfoProto) -> list[int]:
    """Sizes of an input's axes, 0 for those that are open."""
    return [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]


def _element_type(value: onnx.ValueInfoProto) -> str:
    return str(onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type)).lower()


def _for_tensorrt(device: DeviceDescription) -> dict[str, TensorRtGraph]:
    return {
        name: TensorRtGraph(graph.file, graph.precision, {i.name: i.shape for i in graph.inputs}, not graph.open)
        for name, graph in device.graphs.items()
        if graph.gpu
    }


def _copy_programs(package: Path, binaries: Mapping[str, Path]) -> None:
    """The runners (source and binaries), and the self-test with what it imports."""
    for path in runner_files():
        _copy(path, package / "runner" / path.name)
    for machine, path in sorted(binaries.items()):
        _copy(path, package / "runner" / f"runner-{machine}")
        (package / "runner" / f"runner-{machine}").chmod(0o755)
    bundle(["toolchain.device.ort"], package / "lib")
    _write_script(package / "run.sh", (_SCRIPTS / "run.sh").read_text(encoding="utf-8"))
    write_program(_SCRIPTS / "selftest.py", package / "selftest.py")


def _write_script(path: Path, text: str) -> None:
    write_atomic(path, text)
    path.chmod(0o755)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _golden(package: Path, content: DeviceContent) -> GoldenVectors:
    return write_golden(package, content.inputs, content.outputs, content.classes, content.vector_kind, content.stages)
