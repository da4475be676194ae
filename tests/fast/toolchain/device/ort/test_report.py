"""What the self-test says of runs; one without a promise is neither passed nor the fastest."""

from __future__ import annotations

from typing import Any

from toolchain.device.ort import report


def _row(graph: str, kind: str, p50: float) -> dict[str, Any]:
    verdict = {"promised": {"kind": kind, "differing": 0}, "compared": 2000, "equal": 0 if kind == "none" else 2000}
    verdict |= {"labels_differing": 1267, "beyond": 2000, "first": 0, "worst": 1e6, "passed": True}
    timed = {"latency": {"p50_us": p50, "p99_us": p50}}
    return {"run": f"{graph} on CPU", "graph": graph, "providers": ["CPU"], "runner": "c", "verdict": verdict, **timed}


ROWS = [_row("fp32", "exact", 5.0), _row("int8", "none", 1.0)]


def test_no_promise_is_said_and_nothing_of_it_is_called_passed() -> None:
    said: list[str] = []
    best = report.fastest(ROWS)
    report.say_end({"runs": ROWS, "fastest": best, "passed": True}, "fp32", said.append)
    assert best is not None and best["graph"] == "fp32"
    assert "no promise; every output: 0 of 2,000 equal" in report.line(ROWS[1])
    assert said[-1] == "passed: every run keeps what README.md promises; nothing is promised of int8"


def test_without_any_promise_nothing_is_fastest() -> None:
    assert report.fastest(ROWS[1:]) is None


def test_a_run_that_failed_has_a_promise_to_keep() -> None:
    row = {"run": "a", "graph": "a", "runner": "c", "error": "no memory"}
    assert report.promises(row) and not report.passed(row)
