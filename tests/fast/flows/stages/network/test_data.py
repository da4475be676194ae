"""The stage `data` of a model that has no code for its data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.causes import causes
from flows.stages.context import Context
from flows.stages.network import data
from flows.stages.network.files import DATASET
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.choose import choose
from toolchain.errors import ConfigError, DataError
from toolchain.layout import Layout, Request
from toolchain.training.dataset import load

RECIPE = """\
title: flowers
data: {format: csv, path: ../flowers.csv, label: kind, split: {by: random}}
training: {steps: 10, merged_steps: 10}
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two files, and its data beside it."""
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    folder = tmp_path / "flowers"
    (folder / "recipes").mkdir(parents=True)
    (folder / "model.py").touch()
    (folder / "recipes/default.yaml").write_text(RECIPE)
    lines = [f"{row},{row * row % 7},{'ab'[row % 2]}" for row in range(40)]
    (tmp_path / "flowers.csv").write_text("\n".join(["length,width,kind", *lines, ""]))
    return folder


def _context(request: Request, root: Path) -> Context:
    (root / "out").mkdir()
    return Context("data", request, Layout(request, root / "build"), root / "out")


def test_the_recipe_names_the_data_and_how_they_are_split(model: Path, tmp_path: Path) -> None:
    context = _context(choose(BuildOptions("host", str(model))), tmp_path)
    outcome = data.run(context)
    assert outcome.summary == (
        "40 rows of 2 UINT8, classes: a, b; random split: 28 train, 6 validation, 6 test (records)"
    )
    assert outcome.facts is not None
    facts = json.loads(json.dumps(outcome.facts.to_json()))
    assert (facts["split"], facts["columns"]) == ("random split", ["length", "width"])
    assert load(context.out / DATASET).y.tolist() == [0, 1] * 20


def test_data_in_the_place_of_the_recipes_may_be_a_file(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text((tmp_path / "flowers.csv").read_text().replace("a\n", "c\n"))
    request = choose(BuildOptions("host", str(model), data=str(other)))
    assert request.network.startswith("default-other.csv-")
    assert "classes: b, c" in data.run(_context(request, tmp_path)).summary


def test_a_change_of_the_data_or_of_the_section_re_runs_the_stage(model: Path, tmp_path: Path) -> None:
    request = choose(BuildOptions("host", str(model)))
    before = causes("data", request)
    with (tmp_path / "flowers.csv").open("a") as stream:
        stream.write("1,1,a\n")
    assert [word.partition(":")[0] for word in causes("data", request) if word not in before] == ["captures"]
    assert [word.partition(":")[0] for word in before] == ["code", "pins", "recipe", "captures"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "../flowers.csv",
            "../absent.csv",
            r"data\.path: .*/absent\.csv: no such file or folder; mend it, or give DATA=",
        ),
        ("path: ../flowers.csv, ", "", r"recipes/default\.yaml: data\.path: missing; name the file or folder there"),
        ("format: csv", "format: xls", r"recipes/default\.yaml: data\.format: 'xls': should be 'npz', 'csv'"),
        ("training:", "network: {hidden: 3}\ntraining:", r"network\.hidden: unknown key"),
    ],
)
def test_a_recipe_that_cannot_be_used(old: str, new: str, words: str, model: Path) -> None:
    (model / "recipes/default.yaml").write_text(RECIPE.replace(old, new))
    with pytest.raises((ConfigError, DataError), match=words):
        choose(BuildOptions("host", str(model)))


def test_a_fault_in_the_data_names_file_and_line(model: Path, tmp_path: Path) -> None:
    with (tmp_path / "flowers.csv").open("a") as stream:
        stream.write("1,wide,a\n")
    with pytest.raises(DataError, match=r"flowers\.csv: line 42: column width: 'wide': should be a number"):
        data.run(_context(choose(BuildOptions("host", str(model))), tmp_path))
