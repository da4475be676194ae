"""Failures, kills and collisions: one clear line, nothing lost, and the next build ends in the same bytes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import Tree


def _change_recipe(tree: Tree) -> None:
    tree.set_in_recipe("steps", 17)


def _pids(tree: Tree) -> list[int]:
    """Processes whose working directory lies in the tree."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(folder / "cwd")).is_relative_to(tree.root):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _stage_pid(tree: Tree, stage: str) -> int:
    for pid in _pids(tree):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"flows.stages" in words and stage.encode() in words and b"-c" not in words:
            return pid
    raise AssertionError(f"no process runs {stage}")


def _must_be_quiet(tree: Tree) -> None:
    deadline = time.monotonic() + 60
    while left := _pids(tree):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)


def test_a_failed_stage_is_one_line_and_nothing_is_lost(tree: Tree) -> None:
    before = tree.bytes_of_outputs()
    _change_recipe(tree)
    code, _, err = tree.run("build", DOUBLE_FAIL="train:user")
    assert code == 1
    assert err.splitlines() == ["error: train: frobnicator is missing; install it with `make frob`"]
    gone = {name for name in before if name not in tree.bytes_of_outputs()}
    assert gone == {"cqmlp/default/records/train.done"}
    tree.ran()
    tree.must("build")
    assert tree.ran()[0] == "train"


def test_a_stage_that_failed_runs_again_even_if_later_ones_had_finished(tree: Tree) -> None:
    _change_recipe(tree)
    tree.run("build", DOUBLE_FAIL="train:user")
    tree.ran()
    code, _, _ = tree.run("build", DOUBLE_FAIL="train:user")
    assert code == 1
    assert tree.ran() == ["train"]


def _change_board(tree: Tree) -> None:
    tree.edit(tree.root / "boards/ulx3s/board.yaml", "fps: 100000", "fps: 50000")


@pytest.fixture(scope="module")
def undisturbed(_finished: Tree, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Bytes of a build that nobody kills: stages' outputs do not depend on where they lie."""
    again = Tree(tmp_path_factory.mktemp("again") / "tree")
    shutil.copytree(_finished.root, again.root, symlinks=True)
    _change_board(again)
    again.must("build")
    return again.bytes_of_outputs()


def _kill_command(tree: Tree, process: subprocess.Popen[str]) -> None:
    process.kill()


def _kill_stage(tree: Tree, process: subprocess.Popen[str]) -> None:
    os.kill(_stage_pid(tree, "synthesise"), signal.SIGKILL)


@pytest.mark.parametrize("kill", [_kill_command, _kill_stage])
def test_a_killed_build_goes_on_and_ends_in_the_same_bytes(
    tree: Tree, undisturbed: dict[str, str], kill: Callable[..., None]
) -> None:
    _change_board(tree)
    process = tree.start("build", DOUBLE_SLEEP="synthesise:60")
    tree.wait_until_runs("synthesise")
    kill(tree, process)
    _, err = process.communicate()
    assert process.returncode != 0
    _must_be_quiet(tree)
    tree.ran()
    tree.must("build")
    assert "fold" not in tree.ran(), "what had finished is kept"
    assert tree.bytes_of_outputs() == undisturbed
    if kill is _kill_stage:
        assert "synthesise: ended without a word" in err


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything_with_one_line(tree: Tree, sign: signal.Signals) -> None:
    _change_recipe(tree)
    process = tree.start("build", DOUBLE_SLEEP="train:600")
    tree.wait_until_runs("train")
    process.send_signal(sign)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert err.splitlines() == ["error: interrupted; the same command goes on where this build stopped"]
    _must_be_quiet(tree)


def test_a_broken_rung_is_not_packaged(tree: Tree) -> None:
    double = tree.root / "flows/stages/fabricated.py"
    tree.edit(double, '"bench": Check(', '"flash": Check(')
    code, _, err = tree.run("build")
    assert code == 1
    assert "package: simulate: bench: 0 results were compared" in err
