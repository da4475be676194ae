from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.console import fail, without_make
from toolchain.errors import BuildError
from toolchain.layout import ROOT


@pytest.mark.parametrize(
    ("with_make", "without"),
    [
        ("run `make build` again", "run `gateweave build` again"),
        ("run `make build BOARD=host FPS=max`", "run `BOARD=host FPS=max gateweave build`"),
        ("run `make build ONNX='/a b/c.onnx'`", "run `ONNX='/a b/c.onnx' gateweave build`"),
        ("with `make system-deps` (apt-get install g++ make)", "with `apt-get install` (apt-get install g++ make)"),
        ("get it with `make` (pip package pyosys)", "get it with `pip install` (pip package pyosys)"),
        ("make it larger", "make it larger"),
    ],
)
def test_orders_as_one_types_them_without_a_makefile(with_make: str, without: str) -> None:
    assert without_make(with_make) == without


@pytest.mark.parametrize(("installed", "order"), [(True, "gateweave build"), (False, "make build")])
def test_an_error_names_the_command_that_the_person_has(
    installed: bool, order: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.console.INSTALLED", installed)
    monkeypatch.chdir(ROOT)
    fail(BuildError("no record; run `make build` again"))
    assert capsys.readouterr().err == f"error: no record; run `{order}` again\n"


def test_from_another_folder_of_a_clone_the_command_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.console.INSTALLED", False)
    monkeypatch.chdir(tmp_path)
    fail(BuildError("run `make build BOARD=host`, after `make system-deps`"))
    assert capsys.readouterr().err == "error: run `BOARD=host gateweave build`, after `make system-deps`\n"
