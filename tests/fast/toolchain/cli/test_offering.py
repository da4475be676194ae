"""Who names neither a board nor a network is told what is built, and what else could be."""

from __future__ import annotations

import typer
from pytest import mark
from typer.testing import CliRunner

from toolchain.cli.build_options import BuildOptions, takes_build_options
from toolchain.cli.offering import offer
from toolchain.console import out

app = typer.Typer()


@app.command()
@takes_build_options
def build(context: typer.Context, options: BuildOptions) -> None:
    offer(context, options, out())


def test_nothing_named_is_answered_with_what_there_is() -> None:
    told = CliRunner().invoke(app, []).output
    assert told.startswith("no board and no network was named: this is BOARD=ulx3s MODEL=cqmlp\n")
    assert "icebreaker" in told and "litecnn" in told and "NETWORK=" in told


@mark.parametrize("words", [["--board", "ulx3s"], ["--model", "cqmlp"], ["--network", "net.onnx"]])
def test_what_is_named_is_built_without_a_word(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).output == ""


def test_a_variable_names_as_well() -> None:
    assert CliRunner().invoke(app, [], env={"BOARD": "ulx3s"}).output == ""
