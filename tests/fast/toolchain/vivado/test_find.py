from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles import vivado_environment
from toolchain.errors import ToolError
from toolchain.vivado.find import find_vivado


def _program(folder: Path, script: str) -> dict[str, str]:
    program = folder / "vivado"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_absent_vivado_is_none(tmp_path: Path) -> None:
    assert find_vivado({"PATH": str(tmp_path)}) is None
    assert find_vivado({}) is None


@pytest.mark.parametrize("version", ["2022.2", "2023.2", "2024.1", "2025.2"])
def test_supported_versions_are_found(tmp_path: Path, version: str) -> None:
    found = find_vivado(vivado_environment(tmp_path, version=version))
    assert found is not None
    assert (found.version, found.tool) == (version, f"Vivado {version}")
    assert found.path.name == "vivado"


def test_an_update_of_the_newest_version_counts_as_it(tmp_path: Path) -> None:
    found = find_vivado(_program(tmp_path, "echo 'vivado v2025.2.1 (64-bit)'"))
    assert found is not None
    assert found.version == "2025.2.1"


@pytest.mark.parametrize("version", ["2019.1", "2022.1", "2026.1"])
def test_other_versions_are_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(ToolError, match=rf"is version {version}; supported are 2022\.2 to 2025\.2"):
        find_vivado(vivado_environment(tmp_path, version=version))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'Vivado Lab Edition v2024.1 (64-bit)'", "Lab Edition, which only programs boards"),
        ("echo 'libtinfo.so.5: cannot open shared object file'; exit 127", "answers 'libtinfo.so.5: cannot open"),
        ("exit 1", "answers 'nothing', no version"),
    ],
)
def test_a_vivado_that_cannot_be_used_is_refused(tmp_path: Path, script: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        find_vivado(_program(tmp_path, script))
