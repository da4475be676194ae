"""Builds at once in one tree: what they share is made once, the rest in parallel."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.flows.conftest import REQUEST, Tree

TRAINED = {"train", "export", "streamline"}


def _retrain(tree: Tree) -> None:
    tree.set_in_recipe("steps", 19)


def _gate(tree: Tree) -> Path:
    return tree.root / "gate"


def _ends_well(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=400)
    assert process.returncode == 0, out + err


def test_two_boards_share_one_training(tree: Tree) -> None:
    _retrain(tree)
    first = tree.start("build", DOUBLE_GATE=f"train:{_gate(tree)}")
    tree.wait_until_runs("train")
    second = tree.start("build", "--board", "icebreaker")
    tree.wait_until(lambda: "waiting for another build" in _events(tree, "icebreaker"))
    _gate(tree).touch()
    _ends_well(first)
    _ends_well(second)
    ran = tree.ran()
    assert all(ran.count(stage) == 1 for stage in TRAINED), ran
    assert all(ran.count(stage) == 2 for stage in set(REQUEST.stages) - set(REQUEST.network_stages)), ran
    assert tree.shown("ulx3s")["complete"]
    assert tree.shown("icebreaker")["complete"]


def _events(tree: Tree, board: str) -> str:
    path = tree.build / f"cqmlp/{board}/default-folded/events.jsonl"
    return path.read_text() if path.exists() else ""


def test_two_strategies_of_one_board_run_beside_each_other(tree: Tree) -> None:
    first = tree.start("build", "--strategy", "unrolled", DOUBLE_GATE=f"synthesise:{_gate(tree)}")
    tree.wait_until_runs("synthesise")
    tree.must("build", "--fps", "1234")
    assert first.poll() is None, "the second has ended while the first still runs"
    _gate(tree).touch()
    _ends_well(first)


def test_the_same_build_twice_waits_and_finds_nothing_to_do(tree: Tree) -> None:
    _retrain(tree)
    first = tree.start("build", DOUBLE_GATE=f"train:{_gate(tree)}")
    tree.wait_until_runs("train")
    second = tree.start("build", "--board", "ulx3s")
    assert second.stdout
    said = second.stdout.readline()
    assert said == f"the same build runs already (pid {first.pid}): waiting until it has ended\n"
    _gate(tree).touch()
    _ends_well(first)
    out, err = second.communicate(timeout=400)
    assert second.returncode == 0, err
    assert "nothing to do" in out
    assert all(tree.ran().count(stage) <= 1 for stage in ("train", "fold", "package"))


def test_a_network_that_another_build_remade_between_is_not_mixed(tree: Tree) -> None:
    """The recipe changes while a build is past the training, and another build trains anew but gets no further."""
    first = tree.start("build", "--fps", "77", DOUBLE_GATE=f"fold:{_gate(tree)}")
    tree.wait_until_runs("fold")
    _retrain(tree)
    tree.fails("build", "--board", "icebreaker", DOUBLE_FAIL="export:user")
    _gate(tree).touch()
    _, err = first.communicate(timeout=400)
    assert first.returncode == 1
    assert "build again" in err
    tree.must("build", "--fps", "77")


def test_a_plan_writes_nothing(tree: Tree) -> None:
    before = _times(tree.build)
    assert not any(step["runs"] for step in json.loads(tree.must("plan", "--json")))
    _retrain(tree)
    assert any(step["runs"] for step in json.loads(tree.must("plan", "--json")))
    assert _times(tree.build) == before


def _times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
