"""What a second build runs again, and what it leaves alone; more changes are made in test_records_decide.py."""

from __future__ import annotations

import json

import pytest

from tests.flows.conftest import REQUEST, Tree

NETWORK_STAGES, TRIAL_STAGES = REQUEST.network_stages, REQUEST.trial_stages
BOARD_STAGES = tuple(stage for stage in REQUEST.stages if stage not in NETWORK_STAGES)

ALL = {*NETWORK_STAGES, *TRIAL_STAGES, *BOARD_STAGES}


def test_a_second_build_runs_nothing_and_says_so(tree: Tree) -> None:
    out = tree.must("build")
    assert tree.ran() == []
    assert "nothing to do: BOARD=ulx3s MODEL=cqmlp" in out


def test_another_rate_starts_at_fold_and_leaves_the_first_build(tree: Tree) -> None:
    before = tree.bytes_of_outputs()
    tree.must("build", "--fps", "1234")
    assert set(tree.ran()) == set(BOARD_STAGES)
    assert before.items() <= tree.bytes_of_outputs().items()


def test_another_board_shares_the_network(tree: Tree) -> None:
    tree.must("build", "--board", "icebreaker")
    assert set(tree.ran()) == set(BOARD_STAGES)


def test_a_comment_in_the_board_file_runs_nothing(tree: Tree) -> None:
    path = tree.root / "boards/ulx3s/board.yaml"
    path.write_text("# a remark\n" + path.read_text())
    tree.must("build")
    assert tree.ran() == []


def test_another_encoding_starts_at_data(tree: Tree) -> None:
    tree.set_in_recipe("window", 3)
    tree.must("build")
    assert set(tree.ran()) == ALL


def test_changed_code_re_runs_the_stages_that_use_it(tree: Tree) -> None:
    code = tree.root / "flows/stages/fpga_open/implement.py"
    code.write_text(code.read_text() + "\n# changed\n")
    tree.must("build")
    assert tree.ran() == ["implement"], "it came out as before, so nothing follows"
    tree.edit(code, 'f"{context.stage} {text}', 'f"{context.stage}! {text}')
    tree.must("build")
    assert set(tree.ran()) == {"implement", "bitstream", "package"}


@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_harmed_output_is_made_again(tree: Tree, harm: str) -> None:
    before = tree.bytes_of_outputs()
    path = tree.build / "cqmlp/ulx3s/default-folded/synthesise/synthesise.txt"
    path.unlink() if harm == "missing" else path.write_text("harm")
    tree.must("build")
    assert tree.ran() == ["synthesise"], "it came out as before, so nothing follows"
    assert tree.bytes_of_outputs() == before


def test_captures_are_inputs(tree: Tree) -> None:
    folder = tree.root / "captures"
    folder.mkdir()
    (folder / "a.log").write_text("(0.0) can0 123#00\n")
    tree.must("build", "--data", "captures")
    assert set(tree.ran()) == ALL
    tree.must("build", "--data", "captures")
    assert tree.ran() == []
    (folder / "b.log").write_text("(0.0) can0 123#00\n")
    tree.must("build", "--data", "captures")
    assert tree.ran() == ["data"], "the double's data came out the same, so nothing follows"


def test_plan_names_the_cause_and_runs_nothing(tree: Tree) -> None:
    tree.set_in_recipe("steps", 17)
    steps = {step["stage"]: step for step in json.loads(tree.must("plan", "--json"))}
    assert tree.ran() == []
    assert not steps["data"]["runs"]
    assert steps["train"] == {"stage": "train", "runs": True, "why": "the recipe changed"}
    assert steps["fold"]["why"] == "an earlier stage runs"


def test_verify_runs_on_demand_only(tree: Tree) -> None:
    tree.must("verify")
    assert tree.ran() == ["verify"]
    shown = json.loads(tree.must("show", "--json"))
    assert "verify" in shown["stages"]


def test_show_takes_the_newest_build_unless_one_is_chosen(tree: Tree) -> None:
    tree.must("build", "--strategy", "unrolled")
    assert set(tree.ran()) == set(BOARD_STAGES)
    assert json.loads(tree.must("show", "--json"))["strategy"] == "unrolled"
    assert json.loads(tree.must("show", "--strategy", "folded", "--json"))["strategy"] == "folded"
    tree.must("build")
    assert json.loads(tree.must("show", "--json"))["strategy"] == "folded"
