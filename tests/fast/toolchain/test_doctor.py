from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import doctor
from toolchain.fpga import all_families


def test_the_cache_of_compiled_tools_is_looked_for_where_a_build_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOWASP_CACHE_DIR", str(tmp_path / "kept"))
    assert doctor._yowasp_cache().found.startswith("empty")
    (tmp_path / "kept" / "tool").mkdir(parents=True)
    assert doctor._yowasp_cache().found == str(tmp_path / "kept")


def test_each_family_s_tools_are_looked_for() -> None:
    found = [finding.check for finding in doctor.examine()]
    assert {f"tools for {family}" for family in all_families()} < set(found)
    assert "icebox_vlog" in found, "what reads an iCE40 back"
