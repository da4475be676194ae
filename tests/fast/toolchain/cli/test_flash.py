from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.package.amd.packages import bitstream_package
from tests.fast.toolchain.package.amd.test_content import handoff
from toolchain.cli.flash import flash
from toolchain.errors import BuildError, ConfigError, ToolError
from toolchain.package.sealed import seal


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of an open board."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "ulx3s-cqmlp.bit").write_bytes(b"bits")
    seal(folder, {"board": "ulx3s", "model": "cqmlp", "status": "bitstream", "roles": {"bitstream": "ulx3s-cqmlp.bit"}})
    return folder


@pytest.fixture
def loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An openFPGALoader that notes its arguments, and fails where the file `status` says so."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "openFPGALoader"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\nexit $(cat {tmp_path}/status 2>/dev/null || echo 0)\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return tmp_path / "asked"


@pytest.mark.parametrize(("keep", "option"), [(False, ""), (True, " --write-flash")])
def test_open_boards_are_loaded(package: Path, loader: Path, keep: bool, option: str) -> None:
    flash("ulx3s", "cqmlp", package, keep)
    assert loader.read_text() == f"--board ulx3s{option} {package}/ulx3s-cqmlp.bit\n"


def test_a_damaged_package_is_not_loaded(package: Path, loader: Path) -> None:
    (package / "ulx3s-cqmlp.bit").write_bytes(b"bitz")
    with pytest.raises(BuildError, match=r"altered: ulx3s-cqmlp\.bit"):
        flash("ulx3s", "cqmlp", package, False)
    assert not loader.exists()


def test_a_loader_that_fails_is_named(package: Path, loader: Path, tmp_path: Path) -> None:
    (tmp_path / "status").write_text("3")
    with pytest.raises(ToolError, match="openFPGALoader ended with status 3; is ULX3S"):
        flash("ulx3s", "cqmlp", package, False)


def test_a_missing_loader_is_named(package: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="openFPGALoader is not on the PATH; install"):
        flash("ulx3s", "cqmlp", package, False)


def test_a_handoff_is_refused_with_what_to_do(tmp_path: Path, loader: Path) -> None:
    with pytest.raises(BuildError, match=r"is a hand-off, .* run `python3 finish\.py`"):
        flash("zcu104", "cqmlp", handoff(tmp_path), False)
    assert not loader.exists()


def test_amd_boards_load_themselves(tmp_path: Path, loader: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flash("zcu104", "cqmlp", bitstream_package(tmp_path), False)
    shown = capsys.readouterr().out
    assert "nothing was sent" in shown
    assert "python3 self_test.py" in shown
    assert not loader.exists()


def test_what_was_not_built_and_what_does_not_exist_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    with pytest.raises(BuildError, match="has not been built for ulx3s yet"):
        flash("ulx3s", "cqmlp", None, False)
    with pytest.raises(ConfigError, match="ulx4s"):
        flash("ulx4s", "cqmlp", None, False)
