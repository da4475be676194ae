"""Whatever FINN raises becomes one line with the step, the node and the mend; the traceback goes to the log."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import NodeProto, helper

from toolchain.errors import FitError, ModelError, ToolError
from toolchain.finn.faults import step


def fail_at(node: NodeProto) -> None:
    raise ValueError("no\nsuch   thing")


def test_one_line_with_step_node_and_mend(tmp_path: Path) -> None:
    said: list[str] = []
    node = helper.make_node("Conv", ["x"], ["y"], name="Conv_3")
    with pytest.raises(ModelError) as caught, step("streamlining", tmp_path / "finn.log", said.append):
        fail_at(node)
    message = str(caught.value)
    assert message.startswith("FINN, streamlining: node Conv_3 (Conv): ValueError: no such thing; FLOW=dataflow can")
    assert "\n" not in message
    assert said == ["streamlining"]
    assert "in fail_at" in (tmp_path / "finn.log").read_text()


def test_no_node_no_reason(tmp_path: Path) -> None:
    with (
        pytest.raises(ToolError, match=r"FINN, estimates: AssertionError: no reason given; try again"),
        step("estimates", tmp_path / "finn.log", lambda phrase: None, kind=ToolError, mend="try again"),
    ):
        raise AssertionError


def test_our_own_errors_stay(tmp_path: Path) -> None:
    with pytest.raises(FitError, match=r"^too large$"), step("folding", tmp_path / "finn.log", lambda phrase: None):
        raise FitError("too large")


def test_long_reasons_are_cut(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught, step("folding", tmp_path / "finn.log", lambda phrase: None):
        raise ValueError("word " * 1000)
    assert len(str(caught.value)) < 500
