"""The table of stages: whole, in order, and the same in the documentation."""

from __future__ import annotations

import importlib.util

import pytest

from flows.stage_table import markdown
from toolchain.layout import ROOT
from toolchain.stages import flows, stages_of

# Somebody else's network goes to ONNX Runtime only.
BUILDS = [(flow, foreign) for flow in flows() for foreign in (False, True)]


@pytest.mark.parametrize(("flow", "foreign"), BUILDS)
def test_every_stage_waits_for_stages_of_its_build_that_come_before_it(flow: str, foreign: bool) -> None:
    known = list(stages_of(flow, foreign))
    for name, stage in stages_of(flow, foreign).items():
        assert {known.index(needed) < known.index(name) for needed in stage.needs} <= {True}, name


@pytest.mark.parametrize(("flow", "foreign"), BUILDS)
def test_every_stage_has_its_module_and_says_what_it_does(flow: str, foreign: bool) -> None:
    for stage in stages_of(flow, foreign).values():
        assert importlib.util.find_spec(stage.module), stage.module
        assert stage.row.says


def test_every_module_that_runs_as_a_stage_stands_in_the_table() -> None:
    tabled = {stage.module for flow, foreign in BUILDS for stage in stages_of(flow, foreign).values()}
    folder = ROOT / "flows" / "stages"
    running = [path for path in folder.glob("*/*.py") if "\ndef run(context: Context) -> Outcome:" in path.read_text()]
    assert {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in running} == tabled


def test_the_package_waits_for_the_whole_build() -> None:
    for flow in flows():
        known = stages_of(flow, foreign=False)
        built = {name for name, stage in known.items() if stage.row.when == "build"}
        assert {*known["package"].needs} == built - {"package"}


def test_a_check_is_told_by_what_it_means() -> None:
    known = stages_of("ort", foreign=False)
    assert known["prove"].meaning("plain_int8") == "ONNX Runtime, graph plain int8"
    assert known["export"].meaning("pytorch_qonnx") == "QONNX graph = PyTorch"


def test_the_whole_test_set_is_asked_for_where_the_table_says_so() -> None:
    proves = stages_of("dataflow", foreign=False)["simulate"].proves
    assert (proves["test set"].least(500), proves["back-pressure"].least(500), proves["chip"].least(500)) == (
        500,
        500,
        64,
    )
    assert "bursts" not in stages_of("fpga_open", foreign=False)["simulate"].proves


def test_the_documentation_has_this_table() -> None:
    text = (ROOT / "flows" / "README.md").read_text()
    assert text.split("<!-- stages -->\n")[1].split("<!-- end of stages -->")[0] == markdown()
