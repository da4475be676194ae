from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fast.toolchain.vivado.conftest import ZYNQ_7000, ZYNQ_ULTRASCALE
from toolchain.errors import ConfigError
from toolchain.vivado.project import ProjectSpec, write_project


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("spec", [ZYNQ_ULTRASCALE, ZYNQ_7000], ids=lambda spec: spec.family)
def test_equal_specs_give_equal_bytes(tmp_path: Path, spec: ProjectSpec) -> None:
    assert write_project(spec, tmp_path / "a") == tmp_path / "a" / "build.tcl"
    write_project(spec, tmp_path / "b")
    assert _contents(tmp_path / "a") == _contents(tmp_path / "b")
    assert set(_contents(tmp_path / "a")) == {"build.tcl", "block_design.tcl", "timing.xdc", "settings.tcl"}
    assert not any(str(tmp_path).encode() in content for content in _contents(tmp_path / "a").values())


def test_settings_hold_the_whole_spec(tmp_path: Path) -> None:
    write_project(ZYNQ_7000, tmp_path)
    lines = (tmp_path / "settings.tcl").read_text().splitlines()
    assert {"set part {xc7z020clg400-1}", "set control 0x43C00000", "set clock_mhz 100"} <= set(lines)
    assert "set data_bits 32" in lines
    assert {"    rtl/axi_chip.v", "    rtl/weights.hex"} <= set(lines)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family": "versal"}, "family 'versal' is unknown; expected one of zynq_7000, zynq_ultrascale"),
        ({"name": "a b"}, "name 'a b' cannot be used"),
        ({"part": "x;exit"}, "part 'x;exit' cannot be used"),
        ({"sources": ["rtl/a b.v"]}, "source 'rtl/a b.v' cannot be used"),
        ({"roms": ["/tmp/a.hex"]}, "source '/tmp/a.hex' cannot be used"),
        ({"sources": []}, "has no sources"),
        ({"data_bits": 128}, "data_bits 128 cannot be used; expected 32 or 64"),
        ({"clock_mhz": 0}, "clock_mhz 0 cannot be used"),
    ],
)
def test_what_vivado_cannot_take_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        write_project(replace(ZYNQ_ULTRASCALE, **changes), tmp_path)


def test_the_fixture_writes_a_project(project: Callable[..., Path]) -> None:
    assert (project() / "build.tcl").is_file()
