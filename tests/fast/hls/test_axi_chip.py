"""The generated AXI top: its constants, ports, interfaces, and what it refuses."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hls.axi_chip import AXI_SOURCES, burst_bytes, generate_axi_chip, is_streamed
from tests.fast.hls.test_chip import CORE
from toolchain.errors import ConfigError, FitError, GateweaveError
from toolchain.results.core import CoreOutput

ARGUMENTS: dict[str, Any] = {
    "clock_hz": 100_000_000,
    "model_hash": bytes.fromhex("0123456789abcdef"),
    "build_id": bytes.fromhex("fedcba9876543210"),
    "bench": np.arange(20).reshape(2, 10) % 4,
    "data_bits": 64,
}

_PORT = re.compile(
    r'X_INTERFACE_INFO = "xilinx.com:(?P<bus>\S+):1.0 (?P<role>[^"]+)" \*\)\n'
    r"( +\(\* X_INTERFACE_PARAMETER .*\n)?"
    r" +(?P<direction>input|output) +wire (?P<width>\[\S+)? ?(?P<name>\w+)"
)


def generate(folder: Path, core: Any = CORE, **changes: Any) -> list[str]:
    return generate_axi_chip(core, folder, **{**ARGUMENTS, **changes})


def test_all_sources_are_there(tmp_path: Path) -> None:
    names = generate(tmp_path)
    assert names == [*CORE.sources, *AXI_SOURCES, "axi_chip.v"]
    assert {path.name for path in tmp_path.iterdir()} == (set(names) - set(CORE.sources)) | {"bench.hex"}


def test_a_module_that_the_core_uses_too_is_listed_once(tmp_path: Path) -> None:
    core = dataclasses.replace(CORE, sources=("result_queue.v", "gateweave_core.v"))
    names = generate(tmp_path, core)
    assert len(names) == len(set(names))


def test_constants_of_the_top(tmp_path: Path) -> None:
    generate(tmp_path)
    text = (tmp_path / "axi_chip.v").read_text()
    for constant in (
        "CLOCK_HZ      = 100000000;",
        "DATA_BITS     = 64;",
        "VECTOR_BYTES  = 3;",
        "IN_WIDTH      = 4;",
        "IN_BEATS      = 5;",
        "CLASSES       = 3;",
        "OUT_BITS      = 2;",
        "OUT_ELEMENTS  = 1;",
        "OUT_BEATS     = 1;",
        "OUT_SIGNED    = 0;",
        "INPUT  = 96'h000000000000000a00000002;",
        "OUTPUT = 96'h000000000000000100000002;",
        "BENCH_VECTORS = 2;",
        "MODEL_HASH = 64'h0123456789abcdef;",
        "BUILD_ID   = 64'hfedcba9876543210;",
    ):
        assert f" {constant}" in text


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({}, 0),
        ({"output": CoreOutput(4095, 32, True, 1, None)}, 0),
        # The byte behind the answer no longer fits the window.
        ({"output": CoreOutput(4096, 32, True, 1, None)}, 5),
        ({"vector_bits": 262_144, "in_width": 4, "in_beats": 65_536}, 0),
        ({"vector_bits": 262_152, "in_width": 4, "in_beats": 65_538}, 2048),
    ],
)
def test_a_chip_has_windows_as_long_as_they_hold_vector_and_answer(
    changes: dict[str, Any], part: int, tmp_path: Path
) -> None:
    core = dataclasses.replace(CORE, **changes)
    bench = np.zeros((2, core.vector_bits // 2), np.int64)
    generate(tmp_path, core, bench=bench)
    stored = len((tmp_path / "bench.hex").read_text().split())
    assert f" PART_BEATS    = {part};" in (tmp_path / "axi_chip.v").read_text()
    assert stored == (part or 2 * core.in_beats) and is_streamed(core, 64) == bool(part)


@pytest.mark.parametrize("data_bits", [32, 64])
def test_ports_and_their_interfaces(data_bits: int, tmp_path: Path) -> None:
    generate(tmp_path, data_bits=data_bits)
    text = (tmp_path / "axi_chip.v").read_text()
    ports = {match["name"]: match for match in _PORT.finditer(text)}
    assert len(ports) == 2 + 19 + 5 + 5
    lanes = data_bits // 8
    expected = {
        "aclk": ("signal:clock", "aclk CLK", "input", None),
        "s_axi_awaddr": ("interface:aximm", "s_axi AWADDR", "input", "[15:0]"),
        "s_axis_tkeep": ("interface:axis", "s_axis TKEEP", "input", f"[{lanes - 1}:0]"),
        "s_axis_tdata": ("interface:axis", "s_axis TDATA", "input", f"[{data_bits - 1}:0]"),
        "m_axis_tdata": ("interface:axis", "m_axis TDATA", "output", "[31:0]"),
    }
    for name, what in expected.items():
        assert ports[name].group("bus", "role", "direction", "width") == what
    # A fixed frequency would clash with what the processing system's clock really is.
    assert "FREQ_HZ" not in text


def test_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        generate(tmp_path / name)
        contents.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]


@pytest.mark.parametrize(("bits", "data_bits", "expected"), [(20, 32, 4), (20, 64, 8), (64, 64, 8), (65, 64, 16)])
def test_burst_bytes(bits: int, data_bits: int, expected: int) -> None:
    assert burst_bytes(dataclasses.replace(CORE, vector_bits=bits), data_bits) == expected


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"model_hash": b"short"}, ConfigError, r"8 bytes each, not \[5, 8\]"),
        ({"bench": np.zeros((0, 10))}, ConfigError, "at least one"),
        ({"data_bits": 48}, ConfigError, "a stream of 48 bits; use 32 or 64"),
        ({"bench": np.full((1, 10), 4)}, GateweaveError, "4 is outside UINT2"),
        ({"core": dataclasses.replace(CORE, in_width=3)}, ConfigError, "5 beats of 3 bits are not 20 bits"),
        ({"core": dataclasses.replace(CORE, output=CoreOutput.label(65_536))}, FitError, "one of up to 65,535 classes"),
    ],
)
def test_bad_arguments(tmp_path: Path, changes: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        generate(tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []
