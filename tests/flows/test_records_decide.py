"""A copied folder of builds, all times the same: the stages' records decide what runs again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable

import pytest

from tests.flows.conftest import REQUEST, Tree

NETWORK_STAGES = REQUEST.network_stages
BOARD_STAGES = {*REQUEST.stages} - {*NETWORK_STAGES}


@pytest.fixture
def bare(tree: Tree) -> Tree:
    """The finished build as a copy that left out scratch folders, with every time the same."""
    shutil.rmtree(tree.build / "cqmlp/ulx3s/default-folded/work")
    for path in tree.build.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    return tree


def test_nothing_changed_and_nothing_runs(bare: Tree) -> None:
    assert "nothing to do" in bare.must("build")
    assert bare.ran() == []


def test_snakemake_starts_only_where_a_stage_is_to_run_or_somebody_speaks_to_it(bare: Tree) -> None:
    log = bare.build / "cqmlp/ulx3s/default-folded/logs/snakemake.log"
    bare.must("build")
    assert "Building DAG" not in log.read_text()
    bare.must("build", "--", "--forcerun", "package")
    assert bare.ran() == ["package"]
    (bare.build / "cqmlp/ulx3s/default-folded/records/simulate.done").unlink()
    bare.must("build")
    assert "Building DAG" in log.read_text()
    assert "simulate" in bare.ran()


def in_the_recipe(tree: Tree) -> None:
    tree.set_in_recipe("steps", 17)


def in_the_board(tree: Tree) -> None:
    tree.edit(tree.root / "boards/ulx3s/board.yaml", "fps: 100000", "fps: 50000")


def in_the_model(tree: Tree) -> None:
    path = tree.root / "models/cqmlp/model.py"
    path.write_text(path.read_text() + "\n# changed\n")


def in_the_code(tree: Tree) -> None:
    path = tree.root / "flows/stages/fpga_open/implement.py"
    path.write_text(path.read_text() + "\n# changed\n")


@pytest.mark.parametrize(
    ("change", "stages", "why"),
    [
        (in_the_recipe, {*NETWORK_STAGES, *BOARD_STAGES} - {"data"}, {"train": "the recipe changed"}),
        (in_the_board, BOARD_STAGES, {"fold": "the board changed"}),
        (in_the_code, {"implement"}, {"implement": "the code changed"}),
    ],
)
def test_a_change_runs_what_it_concerns(
    bare: Tree, change: Callable[[Tree], None], stages: set[str], why: dict[str, str]
) -> None:
    change(bare)
    steps = {step["stage"]: step["why"] for step in json.loads(bare.must("plan", "--json"))}
    assert why.items() <= steps.items()
    bare.must("build")
    assert set(bare.ran()) == stages


def test_a_stage_that_came_to_something_else_re_runs_what_follows(bare: Tree) -> None:
    """As after a kill: fold has run again, what follows has not."""
    record = bare.build / "cqmlp/ulx3s/default-folded/records/generate.json"
    raw = json.loads(record.read_text())
    raw["inputs"]["fold"] = "another"
    record.write_text(json.dumps(raw))
    bare.must("build")
    assert "generate" in bare.ran()


def test_a_record_of_an_older_version_runs_again(bare: Tree) -> None:
    record = bare.build / "cqmlp/ulx3s/default-folded/records/implement.json"
    raw = json.loads(record.read_text())
    del raw["causes"]
    record.write_text(json.dumps(raw))
    steps = {step["stage"]: step["why"] for step in json.loads(bare.must("plan", "--json"))}
    assert steps["implement"] == "an older version of Gateweave made it"
