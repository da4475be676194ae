"""A build from Python asks for the same as the command line, and its figures are those of its files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.cli.test_build import of_snakemake
from tests.fast.toolchain.cli.test_run import LABELS
from tests.fast.toolchain.runtime.network_file.files import dense_qonnx
from toolchain.api import Build, Network, building, load
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.choose import choose
from toolchain.errors import BuildError, ConfigError
from toolchain.layout import Layout, build_root, layout_of
from toolchain.report.show import report_of


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    return load(dense_qonnx(tmp_path / "net.onnx"))


@pytest.fixture
def nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    of_snakemake(monkeypatch, [], [])


@pytest.mark.usefixtures("nothing_to_do")
def test_the_request_is_that_of_the_command_line(network: Network, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = np.zeros((4, 8), np.float32), np.arange(4)
    build = building.build(network, board="icebreaker", test=(x, y), fps=50_000, clock=24.0, vectors=64)
    [test] = build_root().glob(".given/*.npz")
    words = {"board": "icebreaker", "network": str(network.path), "test": str(test)}
    assert build.layout == layout_of(choose(BuildOptions(**words, fps="50000", clock="24", vectors=64)))
    assert "nothing to do: BOARD=icebreaker MODEL=net" in capsys.readouterr().out
    assert building.built(network.path, board="icebreaker") == building.built("net", board="icebreaker") == build
    assert repr(build) == f"Build(net on icebreaker, {build.layout.request.variant})"


@pytest.mark.usefixtures("network", "nothing_to_do")
def test_a_model_goes_by_its_name_and_nothing_need_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    build = building.build(model="cqmlp", board="host", show=False)
    assert build.layout == layout_of(choose(BuildOptions(board="host")))
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("network", "nothing_to_do")
def test_a_build_may_run_beside_the_main_thread() -> None:
    made: list[Build] = []
    thread = threading.Thread(target=lambda: made.append(building.build(model="cqmlp", board="host", show=False)))
    thread.start()
    thread.join()
    assert [build.layout.request.board for build in made] == ["host"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda network: building.build(), "give either a network"),
        (lambda network: building.build(network, model="cqmlp"), "give either a network"),
        (lambda network: building.build(network, board="nosuch"), "unknown board 'nosuch'"),
        (lambda network: building.build(network, fps=-1.0), "FPS: '-1'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    network: Network, ask: Callable[[Network], Build], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        ask(network)


def test_figures_are_those_of_show(layout: Layout) -> None:
    build = Build(layout)
    assert build.summary == report_of(layout)
    assert build.resources == build.summary.resources and build.resources is not None
    assert build.accuracy == build.summary.accuracy
    assert build.report == layout.variant_dir / "report.html"
    assert build.report.read_text().startswith("<!doctype html>")
    rate, timing = build.rate, build.summary.timing
    assert rate is not None and timing is not None
    assert (rate.per_second, rate.kind) == (timing.inferences_per_second, timing.kind)
    assert str(rate).startswith(f"{rate.per_second:,.0f}/s (routed; ")


def test_a_run_is_kept_and_returned(build: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = building.built("cqmlp").run(port="/dev/ttyUSB0", show=False)
    assert (result.answers.equal, result.answers.compared) == (len(LABELS), len(LABELS))
    assert [*build.glob("cqmlp/ulx3s/measurements/run-*.json")]
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("network")
def test_a_build_that_is_not_there_is_named() -> None:
    with pytest.raises(BuildError, match="cqmlp has not been built for ulx3s yet"):
        building.built("cqmlp")
