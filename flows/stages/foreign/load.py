"""load: somebody else's network as a file, checked before anything reads it further."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.stages.context import Context, Outcome
from toolchain.errors import BuildError
from toolchain.files import sha256, write_atomic
from toolchain.graph.file.store import is_graph, load_graph
from toolchain.graph.readers.tflite.flatbuffer import open_file
from toolchain.results.facts import LoadFacts
from toolchain.results.formats import FileFormat
from toolchain.results.split import HOST_PART
from toolchain.runtime.load import load_untrusted
from toolchain.runtime.network_file.opening import format_of_model, is_tflite

MODEL, TFLITE, CALIBRATION, TEST = "model.onnx", "model.tflite", "calibration.npz", "test.npz"


def run(context: Context) -> Outcome:
    """Write `model.onnx`, and the files of data that came with it."""
    request = context.request
    if request.file is None:
        raise BuildError("load: the request names no file; run `make build` again")
    path = Path(request.file)
    context.progress("trying the network in a process of its own")
    kind, size = _kept(context, path)
    for given, name in ((request.calibration, CALIBRATION), (request.test, TEST), (request.then, HOST_PART)):
        if given:
            shutil.copyfile(given, context.out / name)
    facts = LoadFacts(file=path.name, sha256=sha256(path), format=kind, calibrated=bool(request.calibration))
    return Outcome(f"{path.name}: {kind}, {size}", facts=facts)


def file_of(context: Context) -> Path:
    """The network's file as the stage keeps it."""
    tflite = context.file("load", TFLITE)
    return tflite if tflite.exists() else context.file("load", MODEL)


def _kept(context: Context, path: Path) -> tuple[FileFormat, str]:
    """Keep the file as it was read; its format and size in words."""
    if is_tflite(path):
        open_file(path)
        shutil.copyfile(path, context.out / TFLITE)
        return "TFLite", f"{path.stat().st_size:,} bytes"
    if is_graph(path):
        nodes = len(list(load_graph(path)))
        shutil.copyfile(path, context.out / MODEL)
        return "Gateweave", f"{nodes} nodes"
    model = load_untrusted(path)
    write_atomic(context.out / MODEL, model.SerializeToString(deterministic=True))
    return format_of_model(model), f"{len(model.graph.node)} nodes"
