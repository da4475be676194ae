"""What of the runners can be told without running a model."""

from __future__ import annotations

import ast
import re

import pytest

from toolchain.device.runner import runner
from toolchain.runtime.binaries import SOURCES, runner_files

STANDARD = {"argparse", "collections", "ctypes", "gc", "json", "os", "platform", "resource", "sys", "threading", "time"}


def test_python_runner_is_written_for_the_oldest_board() -> None:
    tree = ast.parse((SOURCES / "runner.py").read_text(), feature_version=(3, 6))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported <= STANDARD | {"numpy", "onnxruntime"}
    newer = {"perf_counter_ns", "monotonic_ns", "time_ns", "removeprefix", "removesuffix", "cache", "capture_output"}
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & newer
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.arg):
            note = node.returns if isinstance(node, ast.FunctionDef) else node.annotation
            assert not isinstance(note, ast.BinOp | ast.Subscript), f"line {node.lineno}: quote the annotation"


def test_both_runners_take_the_same_words() -> None:
    in_c = set(re.findall(r'\{"([a-z-]+)", [01], 0,', (SOURCES / "options.c").read_text()))
    actions = runner.options_parser()._actions
    in_python = {word.removeprefix("--") for action in actions for word in action.option_strings if len(word) > 2}
    assert in_python - in_c == {"plain"}
    assert in_c <= in_python


def test_percentiles_are_nearest_ranks() -> None:
    figures = runner.summarise([index * 1e-6 for index in range(200, 0, -1)], 3, 1, 500)
    assert figures == {
        **{"p50_us": 100.0, "p90_us": 180.0, "p99_us": 198.0, "min_us": 1.0, "max_us": 200.0, "mean_us": 100.5},
        **{"calls": 200, "warmup": 500, "batch": 1, "involuntary_switches": 3},
    }
    assert runner.summarise([5e-6], 0, 1, 0)["p99_us"] == 5.0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--answers", "x"], "need --inputs"),
        (["--core", "1", "--threads", "2"], "--core pins one thread"),
        (["--floor", "x"], "needs --calls"),
        (["--plain"], "needs --calls or --seconds"),
        (["--emulated", "--seconds", "1"], "times nothing"),
        (["--workers", "0"], "--workers 0: at least 1"),
    ],
)
def test_words_that_do_not_go_together(words: list[str], message: str) -> None:
    options = runner.options_parser().parse_args(["--model", "m.onnx", *words])
    with pytest.raises(runner.RunnerError, match=message):
        runner.check_options(options)


def test_table_of_the_c_api_is_in_order_and_within_its_version() -> None:
    """The last entry of version 11 is at 209."""
    places = [int(place) for place in re.findall(r"\bF\((\d+), ", (SOURCES / "ort_api.h").read_text())]
    assert places == sorted(set(places))
    assert len(places) > 30 and places[-1] <= 209


def test_package_gets_all_sources_and_nothing_else() -> None:
    names = {path.name for path in runner_files()}
    assert {"main.c", "ort_api.h", "runner.py"} <= names
    assert not {"__init__.py"} & names
