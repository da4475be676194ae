from __future__ import annotations

from pathlib import Path

import pytest

from tests.doubles.packed import manifest
from tests.fast.toolchain.package.amd.packages import bitstream_package
from tests.fast.toolchain.package.amd.test_content import handoff
from toolchain.cli.flash import flash
from toolchain.device.checksums import write_manifest
from toolchain.errors import BuildError, ConfigError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of an open board."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "ulx3s-cqmlp.bit").write_bytes(b"bits")
    write_manifest(folder, manifest(roles={"bitstream": "ulx3s-cqmlp.bit"}))
    return folder


@pytest.mark.parametrize(("keep", "option"), [(False, ""), (True, " --write-flash")])
def test_open_boards_are_loaded(package: Path, loader: Path, keep: bool, option: str) -> None:
    flash("ulx3s", "cqmlp", package, keep)
    *_, last = (loader / "asked").read_text().splitlines()
    assert last == f"--board ulx3s{option} {package}/ulx3s-cqmlp.bit"


@pytest.mark.parametrize("keep", [False, True])
def test_weights_are_written_with_the_bitstream(tmp_path: Path, loader: Path, keep: bool) -> None:
    """From there alone the design can load them."""
    names = {"bitstream": "icebreaker-cqmlp.bin", "flash_image": "icebreaker-cqmlp-flash.bin"}
    for name in names.values():
        (tmp_path / "package").mkdir(exist_ok=True)
        (tmp_path / "package" / name).write_bytes(b"bits")
    write_manifest(tmp_path / "package", manifest(board="icebreaker", roles=names))
    flash("icebreaker", "cqmlp", tmp_path / "package", keep)
    *_, last = (loader / "asked").read_text().splitlines()
    assert last == f"--board ice40_generic --write-flash {tmp_path}/package/icebreaker-cqmlp-flash.bin"


def test_a_package_of_another_board_or_model_is_refused(package: Path, loader: Path) -> None:
    with pytest.raises(BuildError, match="is for board ulx3s, not icebreaker; say BOARD=ulx3s"):
        flash("icebreaker", "cqmlp", package, False)
    assert not (loader / "asked").exists()


def test_a_damaged_package_is_not_loaded(package: Path, loader: Path) -> None:
    (package / "ulx3s-cqmlp.bit").write_bytes(b"bitz")
    with pytest.raises(BuildError, match=r"altered: ulx3s-cqmlp\.bit"):
        flash("ulx3s", "cqmlp", package, False)
    assert not (loader / "asked").exists()


def test_a_handoff_is_refused_with_what_to_do(tmp_path: Path, loader: Path) -> None:
    with pytest.raises(BuildError, match=r"is a hand-off, .* run `python3 finish\.py`"):
        flash("zcu104", "cqmlp", handoff(tmp_path), False)
    assert not (loader / "asked").exists()


def test_amd_boards_load_themselves(tmp_path: Path, loader: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flash("zcu104", "cqmlp", bitstream_package(tmp_path), False)
    shown = capsys.readouterr().out
    assert "nothing was sent" in shown
    assert "python3 self_test.py" in shown
    assert not (loader / "asked").exists()


def test_amd_boards_are_loaded_by_ssh(tmp_path: Path, ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("id", "echo 0"), ("python3", 'echo "$(basename $PWD): $*"')):
        (ssh / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (ssh / "bin" / name).chmod(0o755)
    flash("zcu104", "cqmlp", bitstream_package(tmp_path / "made"), False, host="me@board")
    assert "zcu104-cqmlp: driver.py identify" in capsys.readouterr().out


def test_what_was_not_built_and_what_does_not_exist_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path))
    with pytest.raises(BuildError, match="has not been built for ulx3s yet"):
        flash("ulx3s", "cqmlp", None, False)
    with pytest.raises(ConfigError, match="ulx4s"):
        flash("ulx4s", "cqmlp", None, False)
