"""Packages made ready on their machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.packed import device, manifest
from tests.doubles.self_test import EQUAL, findings
from toolchain.device.agent.plan import Settings
from toolchain.device.checksums import BITSTREAM, HANDOFF, write_manifest
from toolchain.device.link.protocol import AnswerLayout
from toolchain.errors import BuildError, ToolError, VerificationError
from toolchain.measure.measure import measure_at
from toolchain.measure.packages import provenance_of, ready_amd_package, ready_runtime_package
from toolchain.package.vectors import VectorFormat, write_vectors
from toolchain.places.place import Here
from toolchain.results.manifest import Manifest
from toolchain.results.measurement import Proven, ProvenDecisions

MANIFEST = manifest(board="host", identity={"model_hash": "aa", "build_id": "bb"}, variant="v")
VERDICT = {
    "promised": {"kind": "exact", "differing": 0}, "compared": 9, "equal": 9, "labels_differing": 0, "beyond": 0,
    "worst": 0, "first": None, "passed": True, "decisions": {"answered": [8, 1], "equal": 9},
}  # fmt: skip
REPORT = {
    "board": "host", "model": "cqmlp", "manifest": "", "kind": "", "python": "", "onnxruntime": "", "passed": True,
    "onnxruntime_wanted": "", "absent_provider": None, "device": None, "fastest": None,
    "runs": [{"run": "fp32", "graph": "fp32", "providers": [], "runner": "python", "verdict": VERDICT}],
}  # fmt: skip
SELF_TEST = f"""from pathlib import Path
Path("work").mkdir()
Path("work/tested").touch()
Path("work/selftest.json").write_text({json.dumps(REPORT)!r})
"""
RUNNER = """import json, sys, time
assert open("work/tested") and sys.argv[2] == "models/fp32.onnx", sys.argv
seconds = float(sys.argv[-1])
started = time.time()
time.sleep(seconds)
print(json.dumps({"loop": {"inferences": 20, "started_unix": started, "ended_unix": time.time()}}, indent=2))
"""
QUICK = Settings(0.01, 5, 0.0)


def runtime_package(folder: Path, self_test: str = SELF_TEST) -> Path:
    (folder / "runner").mkdir(parents=True)
    (folder / "selftest.py").write_text(self_test)
    (folder / "runner" / "runner.py").write_text(RUNNER)
    (folder / "device.json").write_text(json.dumps(device()))
    write_manifest(folder, MANIFEST)
    return folder


def test_a_runtime_package_is_tested_then_measured(tmp_path: Path) -> None:
    place, package = Here(tmp_path / "home"), runtime_package(tmp_path / "package")
    job = ready_runtime_package(place, package, QUICK, python=[sys.executable])
    result = measure_at(place, job, tmp_path / "build", [sys.executable])
    assert result.latency and result.latency.inferences >= 100
    assert result.proven == Proven(compared=9, decisions=ProvenDecisions(answered=(8, 1), equal=9))
    assert result.provenance.model_hash == "aa" and len(result.provenance.content_digest or "") == 64
    assert not (package / "work").exists()


def test_a_self_test_that_fails_ends_it(tmp_path: Path) -> None:
    package = runtime_package(tmp_path / "package", "import sys; sys.exit('error: 3 answers differ')\n")
    with pytest.raises(ToolError, match=r"local: .*selftest.py --no-timing failed: error: 3 answers differ"):
        ready_runtime_package(Here(tmp_path / "home"), package, QUICK, python=[sys.executable])


def test_a_package_altered_by_a_byte_goes_nowhere(tmp_path: Path) -> None:
    package = runtime_package(tmp_path / "package")
    (package / "selftest.py").write_text(SELF_TEST + " ")
    with pytest.raises(BuildError, match=r"altered: selftest.py"):
        ready_runtime_package(Here(tmp_path / "home"), package, QUICK)
    assert not (tmp_path / "home").exists()


def amd_package(folder: Path, status: str, changes: dict[int, dict[str, Any]] | None = None) -> Path:
    """Its self-test says what a board says that answers right, but for some changes."""
    folder.mkdir()
    layout = VectorFormat(40, 8, "BINARY", 1, AnswerLayout.of_class(5), list("abcde"))
    write_vectors(folder, layout, bytes(40), bytes(40))
    said = {"format": 3, "kind": "measured", "device": "linux", "findings": findings(changes)}
    status_of = any(finding["differences"] for finding in said["findings"])
    (folder / "self_test.py").write_text(f"print({json.dumps(said)!r})\nraise SystemExit({int(status_of)})\n")
    write_manifest(folder, {**MANIFEST, "board": "zcu104", "status": status})
    return folder


def test_an_amd_package_is_tested_and_its_driver_kept_busy(tmp_path: Path) -> None:
    decided = {"answered": [38, 2], "compared": 40, "equal": 40}
    changes = {2: {"counts": EQUAL | {"decisions": decided}}}
    package = amd_package(tmp_path / "package", BITSTREAM, changes)
    job = ready_amd_package(Here(tmp_path / "home"), package, QUICK, python=sys.executable)
    assert job.root and job.folder == "zcu104-cqmlp" and list(job.words[-2:]) == ["bench", "{count}"]
    assert job.proven == Proven(compared=40, decisions=ProvenDecisions(answered=(38, 2), equal=40))


def test_nothing_is_measured_of_an_amd_board_that_answers_otherwise(tmp_path: Path) -> None:
    package = amd_package(tmp_path / "package", BITSTREAM, {0: {"differences": ["clock_hz: 1, expected 2"]}})
    with pytest.raises(VerificationError, match="local: nothing is measured: self-test: clock_hz: 1, expected 2"):
        ready_amd_package(Here(tmp_path / "home"), package, QUICK, python=sys.executable)


def test_a_hand_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="is a hand-off"):
        ready_amd_package(Here(tmp_path / "home"), amd_package(tmp_path / "package", HANDOFF), QUICK)


def test_provenance_is_what_the_manifest_knows() -> None:
    build = {"variant": "v", "flow": "open", "strategy": "folded"}
    said = {**MANIFEST, "content_digest": "s"}
    del said["format"]
    assert provenance_of(Manifest(**said)).to_json() == {
        "content_digest": "s",
        **build,
        "model_hash": "aa",
        "build_id": "bb",
    }
    assert provenance_of(Manifest(**{**said, "identity": None})).to_json() == {"content_digest": "s", **build}


def test_a_package_of_another_version_says_what_to_run(tmp_path: Path) -> None:
    package = runtime_package(tmp_path / "package")
    write_manifest(package, {**MANIFEST, "format": 0})
    with pytest.raises(BuildError, match=r"manifest\.json: a manifest of version 0 .* run `make build` again"):
        ready_runtime_package(Here(tmp_path / "home"), package, QUICK)
    (package / "device.json").write_text(json.dumps({**device(), "format": 1}))
    write_manifest(package, MANIFEST)
    with pytest.raises(BuildError, match=r"device\.json: .*format: 1: .*; run `make build` again"):
        ready_runtime_package(Here(tmp_path / "home"), package, QUICK)
