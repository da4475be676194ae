"""A build from Python is the build of the command line: the same request, folder and files."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.flows.conftest import Tree

_CODE = """\
import json
from toolchain.api import build
made = build(model="cqmlp", {more}show={show})
print(json.dumps([str(made.folder), made.summary.to_json()]))
"""


def _built(tree: Tree, more: str = "", show: bool = False) -> list[str]:
    variables = {**os.environ, "PYTHONPATH": str(tree.root), "DOUBLE_RUNS": str(tree.runs_file)}
    command = [sys.executable, "-c", _CODE.format(more=more, show=show)]
    done = subprocess.run(command, cwd=tree.root, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_the_command_line_built_is_up_to_date(tree: Tree) -> None:
    [line] = _built(tree)
    assert tree.ran() == []
    folder, summary = json.loads(line)
    assert summary == tree.shown("ulx3s")
    assert folder == str(tree.build / "cqmlp/ulx3s/default-folded")


def test_what_python_built_is_up_to_date_for_the_command_line(tree: Tree) -> None:
    *said, line = _built(tree, more="fps=50_000, jobs=1, ", show=True)
    assert any(text.startswith("package ") for text in said), "each stage is told"
    assert tree.ran()[-1] == "package"
    assert "nothing to do" in tree.must("build", "--fps", "50000")
    assert tree.ran() == []
    assert json.loads(line)[0].endswith("-fps50000")
