"""load: somebody else's ONNX or QONNX file, checked before anything reads it further."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from flows.stages.context import Context, Outcome
from toolchain.errors import BuildError
from toolchain.files import sha256, write_atomic
from toolchain.graph.qonnx_nodes import is_qonnx
from toolchain.results.facts import LoadFacts
from toolchain.runtime.load import load_untrusted

MODEL, CALIBRATION = "model.onnx", "calibration.npz"


def run(context: Context) -> Outcome:
    """Write `model.onnx`, and `calibration.npz` where there is one."""
    request = context.request
    if request.onnx is None:
        raise BuildError("load: the request names no ONNX file; run `make build` again")
    path = Path(request.onnx)
    context.progress("trying the model in a process of its own")
    model = load_untrusted(path)
    write_atomic(context.out / MODEL, model.SerializeToString(deterministic=True))
    if request.calibration:
        shutil.copyfile(request.calibration, context.out / CALIBRATION)
    kind: Literal["QONNX", "ONNX"] = "QONNX" if is_qonnx(model) else "ONNX"
    facts = LoadFacts(file=path.name, sha256=sha256(path), format=kind, calibrated=bool(request.calibration))
    return Outcome(f"{path.name}: {kind}, {len(model.graph.node)} nodes", facts=facts)
