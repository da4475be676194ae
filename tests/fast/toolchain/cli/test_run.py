from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from tests.doubles.packed import manifest
from tests.doubles.uart_board import IDENTITY, VECTOR_BYTES, label_of, uart_board
from tests.fast.toolchain.fabricated import DECISION
from tests.fast.toolchain.package.amd.packages import bitstream_package
from toolchain.cli import run as command
from toolchain.device.checksums import write_manifest
from toolchain.device.link import serial_port
from toolchain.device.link.board import must_be
from toolchain.device.link.golden import Golden
from toolchain.device.link.protocol import AnswerLayout
from toolchain.device.link.serial_link import SerialBoard
from toolchain.device.link.settings import Setting
from toolchain.errors import BuildError, ConfigError, VerificationError
from toolchain.layout import Layout, Request
from toolchain.package.vectors import VectorFormat, write_vectors
from toolchain.results.request import write_newest
from toolchain.results.run import RunBehind, RunResult
from toolchain.results.schemas import schema_of
from toolchain.run.virtual import Virtual

VECTORS = [bytes([index] * VECTOR_BYTES) for index in range(40)]
LABELS = bytes(map(label_of, VECTORS))
IDENTIFIERS = {"model_hash": IDENTITY.model_hash.hex(), "build_id": IDENTITY.build_id.hex()}


def write_package(folder: Path, labels: bytes = LABELS, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    names = ["normal", "dos", "fuzzing", "gear", "rpm"]
    layout = VectorFormat(len(VECTORS), 184, "BINARY", VECTOR_BYTES, AnswerLayout.of_class(5), names)
    write_vectors(folder, layout, b"".join(VECTORS), labels)
    write_manifest(folder, {**manifest(identity=IDENTIFIERS), **changes})
    return folder


def write_build(root: Path, request: Request, **changes: Any) -> None:
    """A package, and the true classes where the stages of its network leave them."""
    layout = Layout(request, root)
    write_package(layout.stage("package"), **changes)
    write_newest(layout.latest, request)
    layout.golden.parent.mkdir(parents=True)
    np.savez(layout.golden, truth=np.frombuffer(LABELS, np.uint8))


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build of cqmlp for ulx3s, and a serial port at which the model board answers."""
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    write_build(tmp_path, Request("ulx3s", "cqmlp"))

    def opened(name: str, baud: int, packed: dict[str, str], patience: object = None) -> SerialBoard:
        board = SerialBoard(uart_board())
        must_be(board.identify(), packed, name)
        return board

    monkeypatch.setattr(serial_port, "open_serial", opened)
    return tmp_path


def results(build: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((build / "cqmlp/ulx3s/measurements").iterdir())]


def test_a_run_is_shown_and_kept(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.run("ulx3s", "cqmlp", port="/dev/ttyUSB0")
    shown = capsys.readouterr().out
    assert "40 of 40" in shown
    [kept] = results(build)
    assert (kept["what"], kept["link"], kept["virtual"], kept["answers"]["equal"]) == ("run", "serial", False, 40)
    assert kept["accuracy"]["accuracy"] == 1
    assert kept["identity"] == IDENTIFIERS
    assert len(kept["package"]["manifest_sha256"]) == 64


def test_a_network_that_came_as_a_file_is_run_and_judged_by_its_own_classes(build: Path) -> None:
    write_build(build, Request("ulx3s", "net", file="/x/net.onnx"), model="net")
    command.run("ulx3s", "net", port="/dev/ttyUSB0")
    [kept] = [json.loads(path.read_text()) for path in (build / "net/ulx3s/measurements").iterdir()]
    assert (kept["answers"]["equal"], kept["accuracy"]["accuracy"]) == (40, 1)


def test_a_run_whose_result_cannot_be_kept_gives_its_answer(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (build / "cqmlp/ulx3s/measurements").write_text("in the way")
    command.run("ulx3s", "cqmlp", port="/dev/ttyUSB0")
    shown = " ".join(capsys.readouterr().out.split())
    assert "40 of 40" in shown
    assert f"kept nowhere: {build}/cqmlp/ulx3s/measurements/run-" in shown
    command.run("ulx3s", "cqmlp", port="/dev/ttyUSB0", as_json=True)
    told = capsys.readouterr()
    assert json.loads(told.out)["answers"]["equal"] == 40
    assert told.err.strip().startswith("kept nowhere: ")


THRESHOLD = {
    "name": "threshold1", "bits": 4, "signed": False, "low": 0, "high": 9, "reset": 5, "meaning": "", "number": 0
}  # fmt: skip


def test_a_threshold_is_set_and_the_network_answers_with_it(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_build(build, Request("ulx3s", "stages"), model="stages", settings=[THRESHOLD])
    port = uart_board()
    port.settings = [5]
    port._label = lambda vector: (label_of(vector) + port.words[0]) % 5
    monkeypatch.setattr(serial_port, "open_serial", lambda *_: SerialBoard(port))
    asked: list[Any] = []

    def right(folder: Path, golden: Golden, given: dict[Setting, int], *more: int) -> Golden:
        asked.append([{setting.name: value for setting, value in given.items()}, *more])
        return golden.with_answers(bytes((label + 3) % 5 for label in LABELS))

    monkeypatch.setattr(command, "golden_with", right)
    command.run("ulx3s", "stages", port="/dev/ttyUSB0", thresholds=["1=3"])
    [kept] = [json.loads(path.read_text()) for path in (build / "stages/ulx3s/measurements").iterdir()]
    assert (kept["answers"]["equal"], kept["settings"]) == (40, {"threshold1": 3})
    assert asked == [[{"threshold1": 3}, None, 0]]
    assert "setting threshold1" in capsys.readouterr().out


def test_answers_that_are_kept_are_not_asked_for_again(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = {"size": 9, "place": "driver"}
    write_build(build, Request("ulx3s", "stages"), model="stages", decision={**DECISION.to_json(), "memory": memory})
    command.run("ulx3s", "stages", port="/dev/ttyUSB0")
    command.run("ulx3s", "stages", port="/dev/ttyUSB0", memory=0, as_json=True)
    assert "answers of a memory of 9" in (told := capsys.readouterr().out)
    assert "memory" not in json.loads(told[told.index("{") :]) or json.loads(told[told.index("{") :])["memory"] is None


def test_a_package_with_the_hosts_part_goes_on_with_it(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    class Part:
        def __init__(self, file: Path, elements: int) -> None:
            seen.append(file)

        def of(self, answers: Any, golden: Any, kind: Any) -> RunBehind:
            return RunBehind(kind=kind, file="host.onnx", compared=len(answers), equal=len(answers), seconds=0)

    monkeypatch.setattr(command, "HostPart", Part)
    package = build / "cqmlp/ulx3s/default-folded/package"
    (package / "host.onnx").write_bytes(b"")
    write_manifest(package, {key: value for key, value in manifest(identity=IDENTIFIERS).items() if key != "files"})
    command.run("ulx3s", "cqmlp", port="/dev/ttyUSB0")
    assert seen == [package / "host.onnx"] and results(build)[0]["behind"]["equal"] == 40


def test_a_threshold_of_a_chip_without_one_is_refused(build: Path) -> None:
    with pytest.raises(ConfigError, match="--threshold 1=3: the package's chip has no thresholds that can be set"):
        command.run("ulx3s", "cqmlp", port="/dev/ttyUSB0", thresholds=["1=3"])


def test_json_for_programs(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.run("ulx3s", "cqmlp", port="/dev/ttyUSB0", count=10, as_json=True)
    assert json.loads(capsys.readouterr().out)["answers"]["compared"] == 10


def test_a_virtual_run_is_labelled(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    @contextmanager
    def started(generated: Path, work: Path, **options: Any) -> Iterator[Virtual]:
        asked.append((generated, options))
        yield Virtual("/dev/pts/9", {"flipped": 3})

    monkeypatch.setattr("toolchain.run.virtual.virtual_board", started)
    command.run("ulx3s", "cqmlp", virtual=True, faults="bits=1e-4")
    [kept] = results(build)
    assert (kept["virtual"], kept["link"], kept["line"]) == (True, "virtual", {"flipped": 3})
    assert kept["latency"]["kind"] == "emulated"
    assert "a simulated board: no time here is a board's" in capsys.readouterr().out
    generated = build / "cqmlp/ulx3s/default-folded/generate"
    assert asked == [(generated, {"baud": 1_000_000, "faults": "bits=1e-4"})]


def test_another_model_on_the_board_is_refused(build: Path, tmp_path: Path) -> None:
    other = write_package(tmp_path / "other", identity={**IDENTIFIERS, "model_hash": "00" * 8})
    with pytest.raises(VerificationError, match=r"model_hash: the board answers .*; load the package's bitstream"):
        command.run("ulx3s", "cqmlp", other, port="/dev/ttyUSB0")
    assert not (build / "cqmlp/ulx3s/measurements").exists()


def test_a_difference_fails_and_is_kept(build: Path, tmp_path: Path) -> None:
    other = write_package(tmp_path / "other", bytes([(LABELS[0] + 1) % 5]) + LABELS[1:])
    with pytest.raises(VerificationError, match="1 of 40 answers differ; the first: vector 0"):
        command.run("ulx3s", "cqmlp", other, port="/dev/ttyUSB0")
    assert results(build)[0]["answers"]["equal"] == 39


def test_an_altered_package_is_refused(build: Path, tmp_path: Path) -> None:
    other = write_package(tmp_path / "other")
    (other / "answers.bin").write_bytes(LABELS[:-1] + b"\x04")
    with pytest.raises(BuildError, match=r"altered: answers\.bin"):
        command.run("ulx3s", "cqmlp", other, port="/dev/ttyUSB0")


def test_what_does_not_suit_the_board_is_named(build: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="zcu104: VIRTUAL=1 is for boards with a serial port"):
        command.run("zcu104", "cqmlp", virtual=True)
    with pytest.raises(ConfigError, match=r"zcu104: say where it is: HOST=user@address"):
        command.run("zcu104", "cqmlp", bitstream_package(tmp_path / "made"))
    with pytest.raises(ConfigError, match="FAULTS are for virtual boards"):
        command.run("ulx3s", "cqmlp", faults="bits=1")


def test_what_is_kept_keeps_its_schema(build: Path) -> None:
    command.run("ulx3s", "cqmlp", port="/dev/ttyUSB0")
    [kept] = results(build)
    jsonschema.validate(kept, schema_of(RunResult))
