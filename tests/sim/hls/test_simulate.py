"""The simulation catches and names what is broken, and measures what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hls.generate import generate_core
from hls.simulate import simulate_core
from hls.simulate_stream import CoreSimulation
from hls.verilate import build_model
from tests.fast.hls.networks import Shape, folding, random_inputs, random_network
from toolchain.errors import ToolError
from toolchain.graph.dense import network_of
from toolchain.results.core import CoreDescription

NETWORK = random_network(Shape("BINARY", 12, (8, 6, 5)), seed=5)
X = random_inputs(NETWORK, 300, seed=6)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> tuple[CoreDescription, Path]:
    folder = tmp_path_factory.mktemp("core")
    return generate_core(NETWORK, folding(NETWORK, [(4, 6), (2, 2), (1, 3)]), folder / "rtl"), folder


def simulate(core: tuple[CoreDescription, Path], vectors: int = 300) -> CoreSimulation:
    description, folder = core
    return simulate_core(description, NETWORK, folder / "rtl", X[:vectors], folder / "sim", optimise=False)


def break_word(path: Path, line: int, change: int) -> str:
    """Flip bits of a ROM word; returns the file's text from before."""
    text = path.read_text()
    lines = text.split()
    lines[line] = f"{int(lines[line], 16) ^ change:0{len(lines[line])}x}"
    path.write_text("\n".join(lines) + "\n")
    return text


def test_correct_core(core: tuple[CoreDescription, Path]) -> None:
    result = simulate(core)
    assert (result.compared, result.equal, result.first_difference) == (300, 300, None)
    assert result.initiation_interval == 12
    assert 12 < result.latency_cycles < 100


@pytest.mark.parametrize("vectors", [1, 2, 3])
def test_few_vectors(core: tuple[CoreDescription, Path], vectors: int) -> None:
    result = simulate(core, vectors)
    assert (result.compared, result.equal, result.initiation_interval) == (vectors, vectors, 12)


@pytest.mark.parametrize(
    ("rom", "change", "layer"),
    [
        ("layer0_weights.hex", 1, "layer 0 (fc0)"),
        ("layer1_weights.hex", 1, "layer 1 (fc1)"),
        ("layer0_thresholds.hex", 1, "layer 0 (fc0)"),  # off by one
        ("layer1_thresholds.hex", 1, "layer 1 (fc1)"),
        ("layer2_weights.hex", 1, "layer 2 (fc2)"),
    ],
)
def test_broken_rom_is_caught_and_its_layer_named(
    core: tuple[CoreDescription, Path], rom: str, change: int, layer: str
) -> None:
    """In every ROM some word's lowest bit matters: the first such difference names the ROM's layer."""
    path = core[1] / "rtl" / rom
    found: list[str] = []
    for line in range(len(path.read_text().split())):
        before = break_word(path, line, change)
        try:
            result = simulate(core)
        finally:
            path.write_text(before)
        assert (result.equal == 300) == (result.first_difference is None)
        if result.first_difference is not None:
            found.append(result.first_difference)
            break
    assert found
    assert layer in found[0]
    assert "expected" in found[0]


def test_swapped_pair_of_bits_is_caught(core: tuple[CoreDescription, Path]) -> None:
    path = core[1] / "rtl" / "layer0_weights.hex"
    words = [int(line, 16) for line in path.read_text().split()]
    # Two inputs of neuron 0 or 4, one of which is used and the other not.
    places = [(line, low) for line, word in enumerate(words) for low in range(5) if (word >> low & 3) in (1, 2)]
    line, low = places[0]
    before = break_word(path, line, 0b11 << low)
    try:
        result = simulate(core)
    finally:
        path.write_text(before)
    assert result.equal < 300
    assert "layer 0 (fc0), element" in (result.first_difference or "")


def test_flipped_expected_value_is_found_at_its_place(core: tuple[CoreDescription, Path]) -> None:
    """A network that differs in one weight from the core's: the first input where it matters is named."""
    weights = NETWORK.layers[0].weights.copy()
    weights[3, 2] = 1 if weights[3, 2] <= 0 else -1
    other = network_of((replace(NETWORK.layers[0], weights=weights), *NETWORK.layers[1:]))
    expected, actual = other.run(X).layers[0], NETWORK.run(X).layers[0]
    first = int(np.flatnonzero((expected != actual).any(1))[0])
    result = simulate_core(core[0], other, core[1] / "rtl", X, core[1] / "sim", optimise=False)
    assert result.first_difference == (
        f"input {first}: layer 0 (fc0), element 2: expected {expected[first, 2]}, got {actual[first, 2]}"
    )


def test_hung_core_ends_and_names_the_layer(core: tuple[CoreDescription, Path], tmp_path: Path) -> None:
    description, folder = core
    rtl = tmp_path / "rtl"
    rtl.mkdir()
    for path in (folder / "rtl").iterdir():
        (rtl / path.name).write_bytes(path.read_bytes())
    top = rtl / "gateweave_core.v"
    # Nothing takes the stream of layer 1.
    joint = ".in_valid(s1_valid), .in_ready(s1_ready)"
    assert joint in top.read_text()
    top.write_text(top.read_text().replace(joint, ".in_valid(1'b0), .in_ready()"))
    result = simulate_core(description, NETWORK, rtl, X, tmp_path / "sim", optimise=False)
    assert result.equal == 0
    assert result.first_difference == "input 0: simulation hung: layer 1 (fc1) stopped after 0 vectors"


def test_missing_rom_is_an_error(core: tuple[CoreDescription, Path]) -> None:
    path = core[1] / "rtl" / "layer1_weights.hex"
    data = path.read_bytes()
    path.unlink()
    try:
        with pytest.raises(ToolError, match="layer1_weights"):
            simulate(core)
    finally:
        path.write_bytes(data)


def test_model_is_built_once_for_the_same_verilog(core: tuple[CoreDescription, Path]) -> None:
    simulate(core, 1)
    built = {path: path.stat().st_mtime_ns for path in (core[1] / "sim").glob("verilated-*/Vmodel")}
    simulate(core, 2)
    assert len(built) == 1
    assert {path: path.stat().st_mtime_ns for path in (core[1] / "sim").glob("verilated-*/Vmodel")} == built


def test_verilog_that_does_not_parse_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "broken.v").write_text("module broken(input clk; endmodule\n")
    (tmp_path / "main.cpp").write_text('#include "Vmodel.h"\nint main() { return 0; }\n')
    with pytest.raises(ToolError, match=r"verilator failed.*broken\.v:1"):
        build_model([tmp_path / "broken.v"], "broken", tmp_path / "main.cpp", tmp_path / "work")
    assert not list((tmp_path / "work").glob("verilated-*"))
