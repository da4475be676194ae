"""`SPLIT=NODE`: the device's part becomes a build of its own, whose package holds the host's part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tests.fast.toolchain.graph.test_cutting import chain
from toolchain.cli.build_options import BuildOptions
from toolchain.cli.choose import choose
from toolchain.cli.parting import parted
from toolchain.errors import ConfigError, ModelError
from toolchain.graph.file.store import load_graph, save_graph
from toolchain.results.again import build_words
from toolchain.results.request import plain, request_of

QUIET = Console(quiet=True)


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildOptions:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    save_graph(chain(), tmp_path / "net.onnx")
    return BuildOptions(network=str(tmp_path / "net.onnx"), split="sum")


def test_the_device_part_is_a_build_that_carries_the_hosts(options: BuildOptions) -> None:
    request = parted(options, "sum", 1, QUIET)
    assert request.model == "net-sum" and request.file and request.then and request.test is None
    device, host = load_graph(Path(request.file)), load_graph(Path(request.then))
    assert [output.node for output in device.outputs] == ["sum"] and list(host.inputs) == ["sum"]
    assert f"THEN={request.then}" in build_words(request) and request_of(plain(request)) == request

    files = [Path(request.file), Path(request.then)]
    before = [path.stat().st_mtime_ns for path in files]
    assert parted(options, "sum", 1, QUIET) == request
    assert [path.stat().st_mtime_ns for path in files] == before


def test_inputs_of_the_whole_are_those_of_the_device_part(options: BuildOptions) -> None:
    test = Path(str(options.network)).with_name("test.npz")
    x = np.random.default_rng(1).integers(0, 4, (40, 6)).astype(np.float32)
    np.savez(test, x=x)
    request = parted(replace(options, test=str(test)), "sum", 1, QUIET)
    assert request.test and Path(request.test).parent == Path(str(request.file)).parent
    np.testing.assert_array_equal(np.load(request.test)["x"], x)


def test_a_node_that_is_none_names_those_that_can_be_and_nothing_is_left(options: BuildOptions) -> None:
    with pytest.raises(ModelError, match=r"node rum: the network has none of that name; .* behind first, sum"):
        parted(options, "rum", 1, QUIET)
    assert not list(Path(str(options.network)).parent.glob("build/**/*.onnx"))


def test_what_does_not_go_with_it_is_named(options: BuildOptions) -> None:
    with pytest.raises(ConfigError, match="SPLIT: board host runs the whole network"):
        parted(replace(options, board="host"), "sum", 1, QUIET)
    with pytest.raises(ConfigError, match="SPLIT: does not go with CALIBRATION or THEN"):
        parted(replace(options, then=options.network), "sum", 1, QUIET)
    with pytest.raises(ConfigError, match="SPLIT: is for `make build`, which names the build"):
        choose(options)
    with pytest.raises(ConfigError, match="THEN: is for a network of your own"):
        choose(BuildOptions(then=options.network))
