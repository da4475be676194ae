"""Every command ends with what one would do next, in words that a person can type."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.fast.toolchain.cli.test_check import ESTIMATE
from tests.fast.toolchain.cli.test_quantise import MADE
from tests.fast.toolchain.report.test_explanation import explanation
from toolchain import console as consoles
from toolchain.catalog import load_board
from toolchain.cli.app import app
from toolchain.cli.following import (
    Next,
    after_build,
    after_check,
    after_explain,
    after_flash,
    after_measure,
    after_new,
    after_quantise,
    after_run,
    tell_next,
)
from toolchain.layout import Request


def told(steps: list[Next]) -> list[str]:
    console = Console(file=io.StringIO(), width=300)
    tell_next(console, steps)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return [line[6:].split("  ")[0] for line in text.splitlines()]


def _plain(board: str, **more: Any) -> Request:
    return Request(board, "m", flow=load_board(board).flows[0], **more)


@pytest.mark.parametrize(
    ("board", "commands"),
    [
        (
            "ulx3s",
            [
                "make run BOARD=ulx3s MODEL=m VIRTUAL=1",
                "make flash BOARD=ulx3s MODEL=m",
                "make explain BOARD=ulx3s MODEL=m",
            ],
        ),
        ("zcu104", ["make flash BOARD=zcu104 MODEL=m HOST=user@address"]),
        ("host", ["make measure BOARD=host MODEL=m"]),
        (
            "raspberrypi4",
            ["make verify BOARD=raspberrypi4 MODEL=m", "make measure BOARD=raspberrypi4 MODEL=m HOST=user@address"],
        ),
    ],
)
def test_a_build_is_tried_as_its_board_allows(board: str, commands: list[str]) -> None:
    assert told(after_build(load_board(board), _plain(board))) == [*commands, "make report"]


def test_a_file_or_a_folder_is_named_as_it_was() -> None:
    (first, *_) = after_build(load_board("host"), Request("host", "net", file="/a b/net.onnx"))
    assert first.command == "make measure BOARD=host NETWORK='/a b/net.onnx'"
    (first, *_) = after_build(load_board("host"), Request("host", "mine", folder="/models/mine"))
    assert first.command == "make measure BOARD=host MODEL=/models/mine"
    assert after_new("./my model")[0].command == "gateweave build --board ulx3s --model './my model'"


def test_commands_that_may_make_another_build_ask_for_this_very_one() -> None:
    request = _plain("raspberrypi4", file="/net.onnx", test="/test.npz")
    verify, measure, _ = told(after_build(load_board("raspberrypi4"), request))
    assert verify == "make verify BOARD=raspberrypi4 NETWORK=/net.onnx TEST=/test.npz"
    assert measure == "make measure BOARD=raspberrypi4 NETWORK=/net.onnx HOST=user@address"
    *_, explain, _ = told(after_build(load_board("ulx3s"), _plain("ulx3s", recipe="tiny")))
    assert explain == "make explain BOARD=ulx3s MODEL=m RECIPE=tiny STRATEGY=folded"


def test_a_run_and_a_flash_go_on_where_they_were() -> None:
    assert told(after_flash("zcu104", "m", "me@board")) == ["make run BOARD=zcu104 MODEL=m HOST=me@board"]
    assert told(after_run("ulx3s", "m", None, virtual=True))[0] == "make measure BOARD=ulx3s MODEL=m VIRTUAL=1"
    assert told(after_measure()) == ["make report"]


def test_a_check_goes_on_to_one_board_and_then_to_its_build() -> None:
    (step,) = after_check(Path("net.onnx"), None)
    assert step.command == "gateweave check net.onnx --board ulx3s"
    (step,) = after_check(Path("net.onnx"), "ulx3s")
    assert step.command == "make build BOARD=ulx3s NETWORK=net.onnx"


def test_an_installed_copy_has_no_makefile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "INSTALLED", True)
    assert told(after_run("ulx3s", "m", None, virtual=True)) == [
        "BOARD=ulx3s MODEL=m VIRTUAL=1 gateweave measure",
        "gateweave report",
    ]


def test_every_command_that_is_named_exists() -> None:
    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    steps = [*after_flash("ulx3s", "m", None), *after_run("ulx3s", "m", None, virtual=False), *after_new("m")]
    for board in ("ulx3s", "zcu104", "host", "raspberrypi4"):
        steps += after_build(load_board(board), _plain(board))
    assert {step.command.split()[1] for step in steps} <= known


def test_an_explanation_leads_to_the_next_faster_folding_at_the_same_clock() -> None:
    made, request = explanation(), Request("ulx3s", "m", fps=5.0)
    fits = made.model_copy(update={"ways": (made.ways[1].model_copy(update={"lacks": "", "fps": 1234567.8}),)})
    [faster, page] = told(after_explain(fits, request))
    assert faster == "make build BOARD=ulx3s MODEL=m RECIPE=default STRATEGY=folded FPS=1234567 CLOCK=24"
    assert page == "make report"
    assert told(after_explain(made, request)) == ["make report"], "what does not fit is no next step"


@pytest.mark.parametrize(
    ("lut", "fps", "reaches", "commands"), [(30_000, 1e5, True, 2), (3_000, 1e5, True, 1), (30_000, 4e3, False, 1)]
)
def test_a_large_design_is_offered_at_a_slower_rate(lut: int, fps: float, reaches: bool, commands: int) -> None:
    chip = ESTIMATE.chip.model_copy(update={"lut": lut})
    board = ESTIMATE.board.model_copy(update={"lut": 83_640})
    changed = {"chip": chip, "board": board, "fps": fps, "reaches": reaches}
    setting = MADE.settings[0].model_copy(update={"estimate": ESTIMATE.model_copy(update=changed)})
    steps = after_quantise(MADE.model_copy(update={"settings": (setting,)}))
    assert len(steps) == commands
    assert steps[-1].command.endswith(" FPS=10000") == (commands == 2)
