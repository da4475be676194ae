"""The edits match the installed library, do what they say, and refuse a library that differs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from toolchain.errors import ToolError
from toolchain.finn.rtl_edits import EDITS, Edit, edited


def library() -> Path:
    spec = importlib.util.find_spec("finn")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "finn-rtllib"


def source(name: str) -> str:
    (path,) = [path for path in library().rglob(name) if path.parent.name in {"hdl", "mvu"}]
    return path.read_text()


@pytest.mark.parametrize("name", sorted({edit.file for edit in EDITS}))
def test_all_edits_of_a_file_match_the_library(name: str) -> None:
    before = source(name)
    after = edited(name, before)
    assert after != before
    with pytest.raises(ToolError, match=rf"{name} of FINN's RTL library: the edit '.*' matches 0 times"):
        edited(name, after)


def test_what_the_edits_leave() -> None:
    assert "default_nettype" not in edited("fifo.sv", source("fifo.sv")) + edited("vpc.sv", source("vpc.sv"))
    adder = edited("add_multi.sv", source("add_multi.sv"))
    assert adder.index("LEAF_LOAD = init_leaf_loads()") < adder.index("begin : genTree")
    # Only moved: the same lines.
    assert sorted(adder.splitlines()) == sorted(source("add_multi.sv").splitlines())
    memory = edited("memstream_axi.sv", source("memstream_axi.sv"))
    assert memory.count(".config_ce(1'b0)") == memory.count(".config_we(1'b0)") == 2


def test_other_files_stay_as_they_are() -> None:
    text = source("fifo.sv")
    assert edited("replay_buffer.sv", text) == text


@pytest.mark.parametrize(("text", "count"), [("", 0), ("ab ab ab", 3)])
def test_an_edit_that_does_not_match_names_file_purpose_and_mend(text: str, count: int) -> None:
    edit = Edit("some.sv", "what for", "ab", "c", times=2)
    with pytest.raises(ToolError, match=rf"some\.sv .*'what for' matches {count} times, expected 2; install finn-plus"):
        edit.apply(text)


def test_an_edit_that_matches() -> None:
    assert Edit("some.sv", "what for", r"(a)b", r"\1", times=2).apply("ab\nab") == "a\na"
