"""The self-test as a person starts it, with doubles of NumPy, ONNX Runtime and the runner."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.fast.toolchain.device.ort.packages import board, pack
from toolchain.device.checksums import write_manifest
from toolchain.device.ort.checks import CPU
from toolchain.device.ort.runs import Run
from toolchain.device.ort.selftest import _promise

# Takes the first two of three columns, as the graph says, and notes what it was told.
RUNNER = """
import array, json, sys
words = sys.argv[1:]
def after(word):
    return words[words.index(word) + 1]
rows = array.array("f", open(after("--inputs"), "rb").read())
answers = array.array("f", [rows[3 * i + j] for i in range(len(rows) // 3) for j in (0, 1)])
{spoil}
open(after("--answers"), "wb").write(answers.tobytes())
result = {{"provider": after("--provider"), "machine": {{"core": "--core" in words}}}}
if "--calls" in words:
    speed = {{"qcdq": 3.0, "fp32": 2.0}}.get(after("--model").split("/")[-1].split(".")[0], 9.0)
    result["latency"] = result["floor"] = {{"p50_us": speed, "p99_us": 2 * speed}}
json.dump(result, open(after("--json"), "w"))
"""


def make(folder: Path, *, version: str = "1.25.1", spoil: str = "", name: str = "host") -> Path:
    """A package for this machine, whose wheels hold doubles."""
    wheels = [folder / wheel.file for wheel in board(name).runtime.wheels]
    runtime = f"__version__ = {version!r}\ndef get_available_providers():\n    return ['CPUExecutionProvider']\n"
    for wheel, module, text in zip(wheels, ("onnxruntime", "numpy"), (runtime, "__version__ = '2.4.6'\n"), strict=True):
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{module}/__init__.py", text)
    package = pack(folder, name, wheels=wheels)
    (package / "runner" / "runner.py").write_text(RUNNER.format(spoil=spoil))
    write_manifest(package, {"model": "small"})
    return package


def start(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", package / "selftest.py", "--python", f"{sys.executable} -S", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def report(package: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((package / "work" / "selftest.json").read_text())
    return found


def test_a_good_package_passes_and_says_what_is_fastest(tmp_path: Path) -> None:
    package = make(tmp_path)
    done = start(package)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 of 4 equal; p50 3.0 us, p99 6.0 us (floor 3.0 us)" in done.stdout
    assert "fastest here: fp32 on CPU (python); not qcdq, as the build chose" in done.stdout
    found = report(package)
    assert found["passed"] and found["kind"].startswith("measured on ")
    assert [run["graph"] for run in found["runs"]] == ["fp16", "fp32", "qcdq", "tensorrt"]


def test_it_runs_from_anywhere_with_blanks_in_the_path_and_twice(tmp_path: Path) -> None:
    shutil.move(make(tmp_path), tmp_path / "a package")
    for _ in range(2):
        assert start(tmp_path / "a package", "--only", "qcdq").returncode == 0


def test_run_sh_finds_a_python(tmp_path: Path) -> None:
    package = make(tmp_path)
    (tmp_path / "bin").mkdir()
    # A shim that is on the PATH and starts nothing, as version managers leave them.
    (tmp_path / "bin" / "python3.11").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "bin" / "python3.11").chmod(0o755)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    environ = {**os.environ, "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    command = [package / "run.sh", "--only", "qcdq"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_emulated_run_shows_no_time(tmp_path: Path) -> None:
    package = make(tmp_path)
    done = start(package, "--emulated", "--only", "qcdq", "--only", "fp32")
    assert done.returncode == 0 and "us" not in done.stdout.replace("4 of 4 equal", "")
    found = report(package)
    assert (found["kind"], found["device"], found["fastest"]) == ("emulated", None, None)
    assert not any(run["machine"]["core"] or "latency" in run for run in found["runs"])


def test_a_wrong_answer_fails_and_is_named(tmp_path: Path) -> None:
    done = start(make(tmp_path, spoil="answers[5] += 1"), "--only", "qcdq", "--no-timing")
    assert done.returncode == 1
    assert "every output: 3 of 4 equal (promised: all; first that differs: vector 2)  FAILED" in done.stdout


def test_of_many_vectors_some_will_do(tmp_path: Path) -> None:
    done = start(make(tmp_path), "--only", "qcdq", "--no-timing", "--vectors", "3")
    assert done.returncode == 0 and "every output: 3 of 3 equal" in done.stdout


def test_a_graph_that_promises_labels_only_may_round_and_says_so(tmp_path: Path) -> None:
    done = start(make(tmp_path, spoil="answers[5] += 1"), "--only", "fp16", "--no-timing")
    assert done.returncode == 0
    assert "labels: 4 of 4 equal (promised: 3 or more); every output: 3" in done.stdout
    assert done.stdout.splitlines()[-1] == "passed: every run keeps what README.md promises"


@pytest.mark.parametrize(("outputs", "kind"), [("classes", "labels"), ("values", "values")])
def test_on_a_gpu_what_is_exact_may_round_within_the_budget(outputs: str, kind: str) -> None:
    device = {"graphs": {"g": {"promise": {"kind": "exact"}}}, "outputs": outputs, "budget": 0.01}
    assert _promise(device, Run("g", [CPU], {}))["kind"] == "exact"
    promised = _promise(device, Run("g", ["CUDAExecutionProvider", CPU], {}))
    assert promised["kind"] == kind and 0.01 in promised.values()


def test_a_runner_that_fails_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    package = make(tmp_path, spoil="if 'qcdq' in after('--model'): sys.exit('error: out of memory')")
    done = start(package, "--only", "qcdq", "--only", "fp32")
    assert done.returncode == 1
    assert "FAILED: out of memory" in done.stdout and "fp32 on CPU" in done.stdout


def test_another_runtime_is_refused_unless_asked_for(tmp_path: Path) -> None:
    package = make(tmp_path, version="1.26.0")
    done = start(package)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ONNX Runtime 1.26.0: the graphs were proved with 1.25.1")
    assert len(done.stderr.splitlines()) == 1
    done = start(package, "--other-runtime", "--only", "qcdq")
    assert done.returncode == 0 and "ONNX Runtime 1.26.0, not 1.25.1, as asked" in done.stdout
    assert report(package)["onnxruntime"] == "1.26.0"


def test_another_folder_of_packages_takes_the_place_of_the_wheels(tmp_path: Path) -> None:
    package, site = make(tmp_path, version="0.0.0"), tmp_path / "site"
    for name, text in (("numpy", ""), ("onnxruntime", "def get_available_providers():\n    return []\n")):
        (site / name).mkdir(parents=True)
        (site / name / "__init__.py").write_text(f"__version__ = '1.25.1'\n{text}")
    done = start(package, "--site", str(site), "--only", "qcdq", "--fallback")
    assert (done.returncode, done.stderr) == (0, "")
    assert report(package)["onnxruntime"] == "1.25.1" and not (package / "work" / "site").exists()


@pytest.mark.parametrize("words", [[], ["--site", "elsewhere"]])
def test_what_was_planted_where_it_installs_is_refused(tmp_path: Path, words: list[str]) -> None:
    package = make(tmp_path)
    for name in ("numpy.py", "onnxruntime.py"):
        path = package / "work" / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise SystemExit('planted code runs')\n")
    done = start(package, *words)
    assert done.returncode == 1 and "passed" not in done.stdout
    assert "work/site: is not as this package installs it: numpy.py, numpy/__init__.py, onnxruntime.py" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("raspberrypi4", [], "error: machine: x86_64: the package is for aarch64, Raspberry Pi 4"),
        ("host", ["--only", "int4"], "error: --only int4: no such graph in this package; it has fp16, fp32, qcdq, "),
        ("host", ["--python", "/nonexistent/python"], "error: /nonexistent/python: cannot be started"),
        ("host", ["--python", "true"], "error: true: is no Python that starts"),
    ],
)
def test_what_cannot_run_is_said_in_one_line(tmp_path: Path, name: str, words: list[str], message: str) -> None:
    done = start(make(tmp_path, name=name), *words)
    assert done.returncode == 1
    assert done.stderr.startswith(message) and len(done.stderr.splitlines()) == 1


def test_an_altered_package_is_refused_before_anything_runs(tmp_path: Path) -> None:
    package = make(tmp_path)
    (package / "models" / "fp32.onnx").write_bytes(b"")
    done = start(package)
    assert done.returncode == 1 and "altered: models/fp32.onnx; copy the package again" in done.stderr
    assert not (package / "work" / "site").exists()
