"""Modules of the library: with what settings need, or without a trace of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hls.axi_chip import AXI_SOURCES
from hls.chip import LINK_SOURCES, STREAM_SOURCES
from hls.library import LIBRARY, copy_modules

NAMES = sorted({*LINK_SOURCES, *STREAM_SOURCES, *AXI_SOURCES})


@pytest.mark.parametrize("name", NAMES)
def test_without_settings_nothing_of_them_is_there(name: str, tmp_path: Path) -> None:
    copy_modules([name], tmp_path, settings=False)
    assert "SETTING" not in (tmp_path / name).read_text().upper().replace("HOST'S SETTINGS", "")


def test_both_ways_are_taken_whole(tmp_path: Path) -> None:
    kept = {}
    for settings in (False, True):
        copy_modules(["axi_registers.v"], tmp_path, settings=settings)
        text = (tmp_path / "axi_registers.v").read_text()
        assert "`ifdef" not in text and "`else" not in text and "`endif" not in text
        kept[settings] = [line for line in text.splitlines() if "assign write_known" in line]
    assert [len(lines) for lines in kept.values()] == [1, 1]
    assert ("write_setting" in kept[True][0], "write_setting" in kept[False][0]) == (True, False)


def test_other_conditions_stay(tmp_path: Path) -> None:
    copy_modules(["lut_pair.v"], tmp_path, settings=False)
    assert (tmp_path / "lut_pair.v").read_text() == (LIBRARY / "lut_pair.v").read_text()
