"""`gateweave split`: both parts are written and proved, and a build takes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.fast.toolchain.graph.staged_graphs import staged
from tests.fast.toolchain.graph.test_cutting import chain
from toolchain.cli.split import Asked, made, split
from toolchain.errors import ConfigError, ModelError
from toolchain.graph.execute import run_one
from toolchain.graph.file.store import load_graph, save_graph
from toolchain.runtime.network_file.opening import format_of, open_network
from toolchain.runtime.network_file.proof import prove_on, vectors_for


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_graph(chain(), tmp_path / "integer.onnx")
    return tmp_path / "integer.onnx"


def test_places_are_told_with_what_the_line_of_a_board_carries(file: Path) -> None:
    found = made(Asked(file, None, file.parent / "parts", None, "ulx3s"))
    assert [place.node for place in found.places] == ["first", "sum"] and found.device is None
    first = found.places[0]
    # Six values of two bits go in, in two bytes; four values come out.
    assert first.per_second is not None and first.bytes == 4
    assert first.per_second * (2 + 4) * 10 == pytest.approx(load_baud("ulx3s"))
    assert made(Asked(file, None, file.parent / "parts", None, "zcu104")).places[0].per_second is None
    assert not (file.parent / "parts").exists()


def load_baud(board: str) -> int:
    from toolchain.board import OpenBoard
    from toolchain.catalog import load_board

    target = load_board(board)
    assert isinstance(target, OpenBoard)
    return target.host_link.baud


def test_parts_are_files_that_a_build_reads(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = file.parent / "parts"
    np.savez(file.parent / "test.npz", x=np.random.default_rng(1).integers(0, 4, (40, 6)).astype(np.float32))
    split(Asked(file, "sum", folder, file.parent / "test.npz", None), as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["at"], told["compared"], told["kind"]) == ("sum", 40, "test set")
    assert format_of(folder / "device.onnx") == format_of(file) == "Gateweave"

    x = np.load(folder / "device.npz")["x"]
    carried = run_one(load_graph(folder / "device.onnx"), x.astype(np.int64), ["sum"])["sum"]
    np.testing.assert_array_equal(np.load(folder / "host.npz")["x"], carried)
    opened = open_network(folder / "host.onnx")
    proved = prove_on(opened, vectors_for(opened, folder / "host.npz"), lambda text: None)
    assert proved.check.equal == proved.check.compared == 40
    with pytest.raises(ConfigError, match=r"device\.onnx: is there already; choose another folder by --out"):
        split(Asked(file, "sum", folder, None, None), as_json=True)


def test_what_cannot_be_is_one_error_and_nothing_is_written(file: Path) -> None:
    with pytest.raises(ModelError, match=r"integer\.onnx: node second: a branch passes it by"):
        made(Asked(file, "second", file.parent / "parts", None, None))
    with pytest.raises(ConfigError, match=r"no\.onnx"):
        made(Asked(file.parent / "no.onnx", None, file.parent / "parts", None, None))
    assert not (file.parent / "parts").exists()


def test_a_graph_of_several_scales_is_read_with_them(tmp_path: Path) -> None:
    save_graph(staged(2), tmp_path / "g.onnx")
    opened = open_network(tmp_path / "g.onnx")
    proved = prove_on(opened, vectors_for(opened, None, 20), lambda text: None)
    assert proved.check.equal == 20 and np.all(proved.outputs % 0.25 == 0)
