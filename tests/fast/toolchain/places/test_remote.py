from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.self_test import EQUAL, findings
from tests.fast.toolchain.package.amd.packages import bitstream_package
from toolchain.device.checksums import verify_package
from toolchain.device.link.asking import SELF_TEST_FORMAT
from toolchain.device.link.golden import read_golden
from toolchain.device.link.settings import Setting
from toolchain.errors import ConfigError, ToolError, VerificationError
from toolchain.places.remote import Remote
from toolchain.report.run_table import run_table
from toolchain.results.model import parse
from toolchain.results.packed import read_package
from toolchain.results.run import RunBehind, RunFigures, RunKind
from toolchain.run.remote_run import load_remotely, run_remotely
from toolchain.run.testset import must_be_equal


def program(ssh: Path, name: str, text: str) -> None:
    (ssh / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
    (ssh / "bin" / name).chmod(0o755)


@pytest.fixture
def board(ssh: Path) -> Remote:
    program(ssh, "id", "echo 0")
    return Remote("me@board")


def test_words_reach_the_board_as_they_are(board: Remote) -> None:
    assert board.run(["printf", "%s|", "a b", "$HOME", "'; touch x"]) == "a b|$HOME|'; touch x|"


def test_a_folder_is_copied_whole_and_replaced(board: Remote, ssh: Path, tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "a").write_text("1")
    there = board.deploy(folder, "zcu104-cqmlp")
    (folder / "a").rename(folder / "b")
    assert board.deploy(folder, "zcu104-cqmlp") == there == "gateweave/zcu104-cqmlp"
    assert [path.name for path in (ssh / "home" / there).iterdir()] == ["b"]
    board.fetch(f"{there}/b", tmp_path / "back" / "b")
    assert (tmp_path / "back" / "b").read_text() == "1"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("changed", r"me@board: its host key changed: .*`ssh-keygen -R board`"),
        ("unknown", r"its host key is not known; run `ssh me@board` once by hand"),
        ("key", r"does not take your key; run `ssh-copy-id me@board`"),
        ("refused", "nothing listens for SSH there"),
        ("away", "it does not answer; is the board on"),
        ("name", "there is no such name"),
    ],
)
def test_what_ssh_says_becomes_what_to_do(board: Remote, ssh: Path, tmp_path: Path, fault: str, said: str) -> None:
    (ssh / "fault").write_text(fault)
    with pytest.raises(ToolError, match=said):
        board.run(["true"])
    with pytest.raises(ToolError, match=said):
        board.fetch("x", tmp_path / "x")


def test_a_full_disk_is_named(board: Remote, ssh: Path, tmp_path: Path) -> None:
    (ssh / "full").touch()
    with pytest.raises(ToolError, match="its disk is full"):
        board.deploy(tmp_path / "ssh" / "bin", "name")


@pytest.mark.parametrize("address", ["board", "-oProxyCommand=x@board", "me@-board", "me@board;ls", "me@board x", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="should be user@address"):
        Remote(address)


def test_sudo_that_would_ask_is_refused(board: Remote, ssh: Path) -> None:
    program(ssh, "id", "echo 1000")
    program(ssh, "sudo", '[ "$2" = true ] && exit $(cat ../sudo_status)')
    (ssh / "sudo_status").write_text("0")
    assert board.as_root(["python3", "x"]) == ["sudo", "-n", "python3", "x"]
    (ssh / "sudo_status").write_text("1")
    with pytest.raises(ToolError, match="sudo asks for a password"):
        board.as_root(["true"])


def test_a_package_is_loaded_on_its_board(board: Remote, ssh: Path, tmp_path: Path) -> None:
    program(ssh, "python3", 'echo "$(basename $PWD) $@"')
    folder = bitstream_package(tmp_path / "made")
    assert load_remotely(board, folder, read_package(folder)) == "zcu104-cqmlp driver.py identify\n"
    verify_package(ssh / "home" / "gateweave" / "zcu104-cqmlp")


def tells(ssh: Path, findings: Any, status: int = 0) -> None:
    told = {"format": SELF_TEST_FORMAT, "kind": "measured", "device": "linux", "findings": findings}
    (ssh / "told").write_text(findings if isinstance(findings, str) else json.dumps(told))
    program(ssh, "python3", f"echo $@ >{ssh}/words; cat {ssh}/told; echo 'error: broken' >&2; exit {status}")


def test_the_self_tests_figures_come_back(board: Remote, ssh: Path, tmp_path: Path) -> None:
    tells(ssh, findings())
    folder = bitstream_package(tmp_path / "made")
    result = run_remotely(board, folder, read_package(folder))
    assert (ssh / "words").read_text() == "self_test.py --json --inferences 1000000\n"
    assert (result.answers.compared, result.answers.equal) == (40, 40)
    assert result.throughput.inferences_per_second == pytest.approx(80)
    assert result.latency.cycles.median == 40
    assert (result.counted.inferences, result.counted.asked) == (1_000_081, 1_000_081)
    assert run_table(result).row_count == 6
    must_be_equal(result)
    kept = json.loads(json.dumps(result.to_json()))
    assert parse(kept, RunFigures, "run", "make run") == result


def test_settings_go_to_the_board_with_the_answers_that_are_right(
    board: Remote, ssh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tells(ssh, findings())
    folder = bitstream_package(tmp_path / "made")
    given = {Setting("threshold1", 9, False, 0, 300, 5, ""): 7}
    right = read_golden(folder).with_answers(bytes(range(40)))
    monkeypatch.setattr("toolchain.run.remote_run.golden_with", lambda *asked: right if asked[2] == given else None)
    run_remotely(board, folder, read_package(folder), given)
    words = (ssh / "words").read_text().split()
    assert words[4:7] == ["--set=threshold1=7", "--answers", f"../{Path(words[6]).parent.name}/answers.bin"]
    assert (ssh / "home/gateweave/package" / words[6]).resolve().read_bytes() == bytes(range(40))


def test_a_memory_is_the_self_tests_and_its_counts_come_back(board: Remote, ssh: Path, tmp_path: Path) -> None:
    kept = {"places": 9, "asked": 40, "recalled": 30}
    counts = {"measured": {"inferences_counted": 1_000_051, "inferences_asked": 1_000_051}}
    tells(ssh, findings({2: {"counts": EQUAL | {"memory": kept}}, 4: counts}))
    folder = bitstream_package(tmp_path / "made")
    result = run_remotely(board, folder, read_package(folder), memory=9)
    assert (ssh / "words").read_text().split()[-2:] == ["--memory", "9"]
    assert result.memory is not None and result.memory.recalled == 30
    tells(ssh, findings({2: {"counts": EQUAL | {"memory": kept | {"places": 8}}}}))
    with pytest.raises(VerificationError, match="places: 8, should be 9"):
        run_remotely(board, folder, read_package(folder), memory=9)


def test_the_host_goes_on_from_the_answers_of_the_board(
    board: Remote, ssh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Part:
        def __init__(self, file: Path, elements: int) -> None:
            self.file = file

        def of(self, answers: Any, golden: Any, kind: RunKind) -> RunBehind:
            equal = sum(one == other for one, other in zip(answers, golden, strict=True))
            return RunBehind(kind=kind, file=str(self.file), compared=len(answers), equal=equal, seconds=0)

    monkeypatch.setattr("toolchain.run.remote_run.HostPart", Part)
    tells(ssh, findings())
    folder, said = bitstream_package(tmp_path / "made"), ssh / "home/gateweave/zcu104-cqmlp-said.bin"
    right = read_golden(folder).answers_bytes
    said.parent.mkdir(parents=True)
    said.write_bytes(bytes([(right[0] + 1) % 3]) + right[1:])
    result = run_remotely(board, folder, read_package(folder), then=tmp_path / "host.onnx")
    assert (ssh / "words").read_text().split()[-2:] == ["--keep", "../zcu104-cqmlp-said.bin"]
    assert result.behind is not None and (result.behind.compared, result.behind.equal) == (40, 39)
    said.write_bytes(right[1:])
    with pytest.raises(VerificationError, match=r"said\.bin: 39 bytes are no 40 answers"):
        run_remotely(board, folder, read_package(folder), then=tmp_path / "host.onnx")


def test_a_difference_on_the_board_is_one_here(board: Remote, ssh: Path, tmp_path: Path) -> None:
    counts = {"compared": 40, "equal": 39, "differing": [{"vector": 3, "element": 0, "answered": 1, "expected": 0}]}
    tells(ssh, findings({2: {"counts": counts, "differences": ["in whatever words"]}}), 1)
    folder = bitstream_package(tmp_path / "made")
    result = run_remotely(board, folder, read_package(folder))
    with pytest.raises(VerificationError, match="1 of 40 answers differ; the first: vector 3: class 1, expected 0"):
        must_be_equal(result)


def test_a_bench_that_differs_is_not_shown_as_equal(board: Remote, ssh: Path, tmp_path: Path) -> None:
    sums = {"checksum": "0000beef", "expected_checksum": "0000cafe"}
    tells(ssh, findings({3: {"differences": ["in whatever words"], "counts": sums}}), 1)
    folder = bitstream_package(tmp_path / "made")
    result = run_remotely(board, folder, read_package(folder))
    assert (result.bench.checksum, result.bench.expected_checksum) == ("0000beef", "0000cafe")
    with pytest.raises(VerificationError, match="bench: checksum 0000beef, expected 0000cafe"):
        must_be_equal(result)


def test_a_bench_that_did_not_run_is_a_difference(board: Remote, ssh: Path, tmp_path: Path) -> None:
    tells(ssh, findings({3: {"differences": ["0 vectors are stored, the package has 40"], "measured": {}}}), 1)
    folder = bitstream_package(tmp_path / "made")
    result = run_remotely(board, folder, read_package(folder))
    assert result.bench is None and run_table(result).row_count == 3
    with pytest.raises(VerificationError, match="self-test: bench: 0 vectors are stored"):
        must_be_equal(result)


@pytest.mark.parametrize(
    ("told", "words"),
    [("{oops", "is no JSON"), ("{}", f"format: null, should be {SELF_TEST_FORMAT}"), ("[]", "a list of 0")],
)
def test_what_is_no_self_tests_end_is_named(board: Remote, ssh: Path, tmp_path: Path, told: str, words: str) -> None:
    tells(ssh, told)
    folder = bitstream_package(tmp_path / "made")
    with pytest.raises(VerificationError, match=f"ended with status 0, and what it told cannot be: .*{words}"):
        run_remotely(board, folder, read_package(folder))


@pytest.mark.parametrize(("status", "differences"), [(0, ["x"]), (1, [])])
def test_a_status_that_contradicts_the_findings_is_named(
    board: Remote, ssh: Path, tmp_path: Path, status: int, differences: list[str]
) -> None:
    tells(ssh, findings({0: {"differences": differences}}), status)
    folder = bitstream_package(tmp_path / "made")
    with pytest.raises(VerificationError, match=f"{len(differences)} differences, which the status contradicts"):
        run_remotely(board, folder, read_package(folder))


def test_a_self_test_that_dies_is_named(board: Remote, ssh: Path, tmp_path: Path) -> None:
    program(ssh, "python3", "echo 'error: no /dev/mem' >&2; exit 1")
    folder = bitstream_package(tmp_path / "made")
    with pytest.raises(ToolError, match=r"self_test\.py ended with status 1: error: no /dev/mem"):
        run_remotely(board, folder, read_package(folder))
