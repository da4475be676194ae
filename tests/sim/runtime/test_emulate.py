"""Real aarch64 programs under qemu. The system is fetched once (needs the network), then kept under build/."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path

import onnxruntime
import pytest

from tests.conftest import REPOSITORY
from tests.sim.runtime.small_models import save_mlp, some_vectors
from toolchain.errors import ToolError
from toolchain.runtime.answers import Job, run_runner
from toolchain.runtime.binaries import build_runner, find_library
from toolchain.runtime.emulate import prove_emulated
from toolchain.runtime.sysroot import Emulator, Pins, prepare_emulator

CACHE = Path(os.environ.get("GATEWEAVE_EMULATOR_CACHE") or REPOSITORY / "build" / "cache" / "emulator")
PINS = Pins(*(importlib.metadata.version(name) for name in ("onnxruntime", "numpy")))


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return prepare_emulator(CACHE, PINS, "cortex-a72")


def test_both_runners_answer_alike_on_arm(emulator: Emulator, tmp_path: Path) -> None:
    model, x = save_mlp(tmp_path / "m.onnx"), some_vectors(1000)
    expected = onnxruntime.InferenceSession(str(model)).run(None, {"input": x})[0]
    rows = prove_emulated(emulator, Job(model, x), expected, tmp_path / "work")
    assert len(rows) == 6
    assert {row.name.split()[0] for row in rows} == {"aarch64", os.uname().machine}
    assert all(row.compared == row.outputs_equal == row.labels_equal == 1000 for row in rows), rows


def test_emulated_programs_refuse_to_time_even_unasked(emulator: Emulator, tmp_path: Path) -> None:
    binary = build_runner("aarch64", tmp_path / "runner")
    command = [*emulator.command(binary), "--library", str(find_library(emulator.site))]
    model = str(save_mlp(tmp_path / "m.onnx"))
    with pytest.raises(ToolError, match="this process is emulated"):
        run_runner(command, ["--model", model, "--calls", "10"], env=emulator.environment)
    # A board's core need not exist here.
    report = run_runner(command, ["--model", model, "--core", "900"], env=emulator.environment)
    assert report.kind == "emulated"
    assert report.machine.architecture == "aarch64" and report.machine.core is None
