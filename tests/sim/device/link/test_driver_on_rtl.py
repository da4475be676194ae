"""The driver's own self-test against the Verilog, access by access: what runs on the board meets what Vivado gets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fast.toolchain.package.amd.packages import MANIFEST, built
from tests.sim.device.link.rtl_chip import chip_of, device_of, package_of
from tests.sim.hls.axi.shapes import SHAPES
from toolchain.device.link.axi import selftest
from toolchain.device.link.axi.opening import Board, open_board
from toolchain.device.link.axi.selftest import run_self_test
from toolchain.errors import ToolError

COUNT = 300


@pytest.fixture(scope="module", params=["pipeline", "odd"])
def board(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    folder, shape = tmp_path_factory.mktemp(request.param), SHAPES[request.param]
    chip = chip_of(shape, folder)
    package = package_of(shape, folder / "package", COUNT, MANIFEST, built(folder / "vivado"))
    yield open_board(package, device_of(chip))
    chip.close()


def test_self_test_finds_no_difference(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    # However long a simulator on a busy machine takes, its seconds say nothing of a clock.
    monkeypatch.setattr(selftest, "_CLOCK_SECONDS", math.inf)
    findings = list(run_self_test(board, inferences=500))
    assert [difference for finding in findings for difference in finding.differences] == []
    assert f" {COUNT} compared" in f" {findings[2].counts.compared} compared"
    assert findings[3].measured.latency_cycles > 0


def test_a_bench_that_takes_too_long_is_given_up_and_the_chip_answers_again(board: Board) -> None:
    vectors = board.golden.vectors(5)
    with pytest.raises(ToolError, match=r"still busy after 0\.01 s"):
        board.bench(10_000_000, seconds=0.01)
    assert board.infer_many(vectors) == board.golden.answers(5)
    assert board.infer(vectors[3]).values == board.golden.answer(3)


def test_self_test_of_a_chip_without_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All goes by DMA; an access to a window, or to INFER, would be an error or a refused command."""
    monkeypatch.setattr(selftest, "_CLOCK_SECONDS", math.inf)
    shape, count = SHAPES["large"], 8
    chip = chip_of(shape, tmp_path)
    package = package_of(shape, tmp_path / "package", count, MANIFEST, built(tmp_path / "vivado"))
    board = open_board(package, device_of(chip))
    findings = list(run_self_test(board, inferences=3))
    board.close()
    chip.close()
    assert [difference for finding in findings for difference in finding.differences] == []
    assert findings[2].counts.compared == count
    assert findings[3].measured.latency_cycles == shape.latency
    assert 0 <= findings[3].measured.initiation_interval - shape.interval <= 1
