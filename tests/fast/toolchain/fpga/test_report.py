from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolchain.errors import ToolError
from toolchain.fpga.report import (
    Resource,
    fullest,
    hold_violations,
    over_utilised,
    read_report,
    summarise,
)

_PACKED = """\
Info: Device utilisation:
Info: 	        TRELLIS_COMB:   90000/  83640   107%
Info: 	          TRELLIS_FF:   41820/  83640    50%
Info: 	              DP16KD:     416/    208   200%
ERROR: Unable to place cell 'x', no BELs remaining to implement cell type 'DP16KD'
"""


def _step(kind: str, delay: float, *, cell: str = "", net: str = "") -> dict[str, object]:
    ends = {"from": {"cell": "before"}, "to": {"cell": cell}}
    return {"type": kind, "delay": delay, **ends, **({"net": net} if net else {})}


def _report(**clocks: tuple[float, float]) -> dict[str, object]:
    path = [
        _step("clk-to-q", 0.5, cell="first"),
        _step("routing", 2.0, cell="adder", net="sum[3]"),
        _step("logic", 0.25, cell="adder"),
        _step("setup", 0.125, cell="last"),
    ]
    pin = [_step("routing", 90.0, cell="pad", net="uart_tx")]
    return {
        "utilization": {"LUT4": {"used": 3, "available": 10}},
        "fmax": {name: {"achieved": a, "constraint": c} for name, (a, c) in clocks.items()},
        "critical_paths": [
            {"from": "posedge clk", "to": "<async>", "path": pin},
            {"from": "posedge clk", "to": "posedge clk", "path": path},
        ],
    }


def _write(tmp_path: Path, report: object) -> Path:
    path = tmp_path / "timing.json"
    path.write_text(json.dumps(report))
    return path


def test_reads_clock_resources_and_register_path(tmp_path: Path) -> None:
    report = read_report(_write(tmp_path, _report(**{"$glbnet$clk$TRELLIS_IO_IN": (41.5, 25)})))
    assert (report.slowest.name, report.slowest.achieved_mhz) == ("clk", 41.5)
    assert report.resources == (Resource("LUT4", 3, 10),)
    assert (report.used("LUT4"), report.used("BSRAM")) == (3, 0)
    assert [step.what for step in report.critical_path] == ["first", "sum[3]", "adder", "last"]


def test_of_several_clocks_the_tightest_counts(tmp_path: Path) -> None:
    report = read_report(_write(tmp_path, _report(fast=(120, 100), slow=(26, 25))))
    assert report.slowest.name == "slow"


def test_summary_tells_logic_from_routing(tmp_path: Path) -> None:
    text = summarise(read_report(_write(tmp_path, _report(clk=(1, 2)))).critical_path)
    assert text.startswith("2.9 ns (0.9 logic + 2.0 routing, 1 levels) from first to last")
    assert "routing sum[3] 2.0 ns" in text


def test_long_names_keep_both_ends(tmp_path: Path) -> None:
    raw = _report(clk=(1, 2))
    raw["critical_paths"][1]["path"][0]["to"]["cell"] = "head" + "_x" * 200 + "_tail"  # type: ignore[index]
    name = read_report(_write(tmp_path, raw)).critical_path[0].what
    assert name.startswith("head_x") and name.endswith("_tail") and len(name) == 48


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"utilization": {}, "fmax": 3}'])
def test_anything_else_is_a_tool_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "timing.json"
    path.write_text(content)
    with pytest.raises(ToolError, match=r"timing\.json: no report of nextpnr"):
        read_report(path)


def test_a_design_without_registers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no clock found"):
        read_report(_write(tmp_path, _report()))


def test_over_utilised_comes_worst_first() -> None:
    assert over_utilised(_PACKED) == [
        Resource("DP16KD", 416, 208),
        Resource("TRELLIS_COMB", 90000, 83640),
    ]


def test_fullest_of_the_named() -> None:
    assert fullest(_PACKED, ("TRELLIS_FF", "TRELLIS_COMB")) == Resource("TRELLIS_COMB", 90000, 83640)
    assert fullest(_PACKED, ("LUT4",)) is None


def test_hold_violations_are_found_at_any_level() -> None:
    log = (
        "Warning: Hold/min time violation for clock 'clk' (x): 0.10 ns\n"
        "ERROR: Hold/min time violation for path 'a' -> 'b': 0.2 ns\n"
    )
    assert [line.split(" for ")[1][:4] for line in hold_violations(log)] == ["cloc", "path"]
