from __future__ import annotations

import io
from typing import Any

import pytest
from pydantic import ValidationError
from rich.console import Console

from toolchain.errors import BuildError
from toolchain.report.compare import compared, comparison_markdown, comparison_table
from toolchain.results.facts import CoreRow
from toolchain.results.figures import KINDS as EVERY_KIND
from toolchain.results.model import parse

_WHY = "unrolled: needs 300,000 LUTs, zcu104 has [bold]161,280[/]; FLOW=dataflow STRATEGY=folded fits"


def _raw(core: str, kind: str, tool: str, **figures: Any) -> dict[str, Any]:
    keys = ("lut", "ff", "bram", "dsp", "latency_cycles", "initiation_interval", "cycles_kind")
    return {"core": core, "kind": kind, "tool": tool, **dict.fromkeys(keys), "note": "", **figures}


def _row(core: str, kind: str, tool: str, **figures: Any) -> CoreRow:
    return CoreRow.model_validate(_raw(core, kind, tool, **figures))


def _rows() -> list[CoreRow]:
    cycles = {"latency_cycles": 1456, "initiation_interval": 1079}
    synthesised = {"ff": 12345, "bram": 4, "dsp": 60}
    return [
        _row("unrolled", "synthesised", "Yosys 0.70", note=_WHY),
        _row("folded", "synthesised", "Yosys 0.70", lut=2345, **synthesised, **cycles, cycles_kind="simulated"),
        _row("finn", "measured", "Vivado 2022.2", lut=9876, **synthesised),
        _row("finn", "synthesised", "Yosys 0.70", lut=10234, **synthesised),
        _row("finn", "estimated", "finn-plus 1.6.1", lut=8000.0, bram=2.5, **cycles, cycles_kind="estimated"),
    ]


def _printed(rows: list[CoreRow]) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(comparison_table(rows))
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def test_rows_stand_by_core_and_then_from_estimate_to_measurement() -> None:
    order = [(row.core, row.kind) for row in compared(_rows())]
    finn = [("finn", kind) for kind in ("estimated", "synthesised", "measured")]
    assert order == [*finn, ("folded", "synthesised"), ("unrolled", "synthesised")]
    assert compared(list(reversed(_rows()))) == compared(_rows())


def test_the_table_of_a_terminal_of_80_columns_cuts_nothing() -> None:
    lines = [line.rstrip() for line in _printed(_rows()).splitlines()]
    assert "finn     estimated    8,000      -    2.5   -   1,456    1,079 estimated" in lines
    assert "folded   synthesised  2,345 12,345      4  60   1,456    1,079 simulated" in lines
    assert "unrolled synthesised      -      -      -   -       -        -           [1]" in lines
    assert "synthesised by Yosys 0.70: finn, folded" in lines


def test_a_note_is_shown_as_it_is_and_not_read_as_markup() -> None:
    assert f"[1] {_WHY}" in " ".join(_printed(_rows()).split())


def test_notes_that_are_equal_share_a_number() -> None:
    rows = [_row(core, "estimated", "fold", note="too large") for core in ("folded", "unrolled")]
    rows.append(_row("finn", "estimated", "finn-plus", note="no layer for Softmax"))
    markdown = comparison_markdown(rows)
    assert [line for line in markdown.splitlines() if line.startswith("[")] == [
        "[1] no layer for Softmax",
        "[2] too large",
    ]
    assert markdown.count("| [2] |") == 2


def test_markdown_has_the_same_figures_and_cells_that_hold() -> None:
    rows = [*_rows()[1:], _row("unrolled", "synthesised", "a|b", note="first line\nsecond | line")]
    lines = comparison_markdown(rows).splitlines()
    assert lines[0].startswith("| core | figures | LUT | FF | BRAM18 | DSP |")
    assert "| finn | estimated | 8,000 | - | 2.5 | - | 1,456 | 1,079 | estimated |  | finn-plus 1.6.1 |" in lines
    assert "| unrolled | synthesised | - | - | - | - | - | - |  | [1] | a\\|b |" in lines
    assert lines[-1] == "[1] first line second \\| line"
    assert {line.replace("\\|", "").count("|") for line in lines if line.startswith("|")} == {12}


def test_every_kind_of_the_table_is_one_that_figures_have_elsewhere() -> None:
    kinds = {kind for row in compared(_rows()) for kind in (row.kind, row.cycles_kind) if kind}
    assert kinds <= set(EVERY_KIND)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"core": "systolic"}, "core: 'systolic': Input should be 'finn', 'folded', 'unrolled' or 'unrolled-rom'"),
        ({"kind": "guessed"}, "kind: 'guessed': Input should be 'estimated', 'synthesised' or 'measured'"),
        ({"lut": -1}, "a figure should be a number, 0 or more"),
        ({"latency_cycles": 1.5}, "latency_cycles: 1.5: "),
        ({"cycles_kind": None}, "cycles_kind should be the kind of the cycles"),
        ({"cycles_kind": "routed"}, "cycles_kind: 'routed': "),
        ({"note": None}, "note: null: "),
        ({"fps": 3}, "fps: is unknown"),
        ({"dsp": "many"}, "dsp.int: 'many': "),
    ],
)
def test_a_malformed_row_is_named_with_its_key_and_value(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BuildError) as caught:
        parse(_rows()[1].to_json() | change, CoreRow, "comparison", "make compare")
    assert str(caught.value).startswith("comparison: not a CoreRow: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_that_is_missing_is_named() -> None:
    row = _rows()[1].to_json()
    del row["bram"]
    with pytest.raises(BuildError, match="bram: is missing"):
        parse(row, CoreRow, "comparison", "make compare")


def test_a_core_without_figures_says_why() -> None:
    with pytest.raises(ValidationError, match="note should say why the core has no figures"):
        _row("finn", "estimated", "finn-plus")


def test_figures_of_one_core_kind_and_tool_come_once() -> None:
    with pytest.raises(BuildError, match=r"folded, synthesised, Yosys 0.70: 2 rows"):
        comparison_markdown([_rows()[1], _rows()[1]])
