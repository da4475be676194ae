"""A tree of its own for each test: the real flow and command line, with quick doubles for the stages."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from toolchain.layout import PINS, Request
from toolchain.locks import locked

_COPIED = ("toolchain", "flows", "hls", "boards", "models", *PINS)
REQUEST = Request("ulx3s", "cqmlp")
TABLE = REQUEST.table
"""The stages that have doubles."""
_STARTED_WITHIN_SECONDS = 120


@dataclass
class Tree:
    """A copy of the repository whose stages are doubles."""

    root: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def recipe(self) -> Path:
        return self.root / "models/cqmlp/recipes/default.yaml"

    @property
    def runs_file(self) -> Path:
        return self.root / "runs"

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "toolchain.cli", *words]
        variables = {"PYTHONPATH": str(self.root), "DOUBLE_RUNS": str(self.runs_file)}
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env={**os.environ, **variables, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def run(self, *words: str, within: float = 400, **environment: str) -> tuple[int, str, str]:
        process = self.start(*words, **environment)
        out, err = process.communicate(timeout=within)
        return process.returncode, out, err

    def must(self, *words: str, within: float = 400, **environment: str) -> str:
        code, out, err = self.run(*words, within=within, **environment)
        assert code == 0, out + err
        return out

    def fails(self, *words: str, within: float = 400, **environment: str) -> str:
        """The one line of a command that must fail."""
        code, out, err = self.run(*words, within=within, **environment)
        assert code == 1, out + err
        assert "Traceback" not in err
        assert err.count("error: ") == 1
        return err

    def ran(self) -> list[str]:
        """Stages that have run since the last call, in order."""
        stages = self.runs_file.read_text().split() if self.runs_file.exists() else []
        self.runs_file.unlink(missing_ok=True)
        return stages

    def shown(self, board: str, *words: str) -> dict[str, Any]:
        """What `show` says of a build."""
        told: dict[str, Any] = json.loads(self.must("show", "--board", board, *words, "--json"))
        return told

    def wait_until_runs(self, stage: str) -> None:
        self.wait_until(lambda: self.runs_file.exists() and stage in self.runs_file.read_text().split())

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _STARTED_WITHIN_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, "what was waited for did not happen"
            time.sleep(0.05)

    def bytes_of_outputs(self) -> dict[str, str]:
        """SHA-256 of all that stages wrote, but for the records' seconds."""
        names = [p for stage in TABLE for p in (f"{stage}/**/*", f"records/{stage}.done")]
        files = [p for name in names for p in self.build.glob(f"cqmlp/*/**/{name}")]
        return {
            str(path.relative_to(self.build)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.is_file() and path.suffix != ".log" and "staging" not in path.parts
        }

    def set_in_recipe(self, key: str, value: int) -> None:
        text, count = re.subn(rf"\b{key}: \d+", f"{key}: {value}", self.recipe.read_text(), count=1)
        assert count == 1
        self.recipe.write_text(text)

    def end(self) -> None:
        """Kill what a failed test has left running."""
        for process in self.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()

    def edit(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))


TEST_WINDOWS = 2_954
"""Of the real tree's test set, all classes among them."""

_RECIPE = """\
title: a short training for tests
data: {encoding: bits, window: 2, seed: 1}
network: {hidden: [8, 4]}
training: {steps: 100, merged_steps: 30}
"""


@pytest.fixture(scope="session")
def real_tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    """A copy of the repository with its real stages, a recipe `tiny`, and a short drive of short attacks."""
    tree = Tree(tmp_path_factory.mktemp("real"))
    copy_repository(tree.root)
    car = tree.root / "toolchain/can/data/car"
    tree.edit(car / "generate.py", "DEFAULT_SECONDS = 30", "DEFAULT_SECONDS = 2")
    tree.edit(car / "injection.py", "_BURST_US = (1_500_000, 3_000_000)", "_BURST_US = (300_000, 600_000)")
    tree.edit(car / "injection.py", "_QUIET_US = (1_500_000, 3_500_000)", "_QUIET_US = (300_000, 700_000)")
    make_quick(tree)
    (tree.root / "models/cqmlp/recipes/tiny.yaml").write_text(_RECIPE)
    yield tree
    tree.end()


# Where C compilers are told to optimise, by file.
_OPTIMISED = {
    "toolchain/kernels/compiled.py": '"-O3"',
    "toolchain/kernels/library.py": r"CFLAGS \?= -O3",
    "toolchain/runtime/operator_library.py": '"-O[23]", "-march',
    "flows/stages/ort/verify.py": '"-O3"',
}


def make_quick(tree: Tree) -> None:
    """Have a network's C optimised little, since it runs for a moment, and graphs timed once and shortly."""
    for name, options in _OPTIMISED.items():
        path = tree.root / name
        text, count = re.subn(options, lambda found: re.sub("-O[23]", "-O1", found[0]), path.read_text())
        assert count, f"{name} has no {options}"
        path.write_text(text)
    timing = tree.root / "toolchain/runtime/timing.py"
    tree.edit(timing, "CALLS, REPEATS = 500, 5000, 3", "CALLS, REPEATS = 500, 5000, 1")
    tree.edit(timing, "seconds: float = 1.0", "seconds: float = 0.2")


def copy_repository(root: Path) -> None:
    """Copy what a build needs, its bytecode too, which is that of files of the same size and time."""
    being_written = shutil.ignore_patterns("*.pyc.*")
    for name in _COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=being_written)
        else:
            shutil.copy2(source, root / name)


def _make(root: Path) -> Tree:
    copy_repository(root)
    double = Path(__file__).with_name("stage_double.py")
    shutil.copy2(REPOSITORY / "tests/fast/toolchain/fabricated.py", root / "flows/stages/fabricated.py")
    for stage in TABLE.values():
        shutil.copy2(double, root.joinpath(*stage.module.split(".")).with_suffix(".py"))
    return Tree(root)


@pytest.fixture(scope="session")
def _finished(of_all_workers: Path) -> Tree:
    """Built by one worker for all; tests copy it."""
    root, done = of_all_workers / "finished", of_all_workers / "finished.done"
    with locked(of_all_workers / "finished.lock"):
        if not done.exists():
            tree = _make(root)
            tree.must("build")
            tree.ran()
            done.touch()
    return Tree(root)


@pytest.fixture
def tree(_finished: Tree, tmp_path: Path) -> Iterator[Tree]:
    """A tree in which `build` has succeeded once."""
    root = tmp_path / "tree"
    shutil.copytree(_finished.root, root, symlinks=True)
    copy = Tree(root)
    yield copy
    copy.end()
