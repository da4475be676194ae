"""The emulated system's folders and faults, without the network and without qemu."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.errors import ToolError
from toolchain.runtime import binaries, sysroot
from toolchain.runtime.sysroot import Emulator, Pins, check_tools, prepare_emulator

PINS = Pins("1.25.1", "2.4.6")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was fetched, in order: the two slow steps are replaced."""
    steps: list[str] = []

    def step(name: str, *files: str) -> Callable[..., None]:
        def make(folder: Path, *_: object) -> None:
            steps.append(name)
            for file in files:
                (folder / file).mkdir(parents=True)

        return make

    monkeypatch.setattr(sysroot, "check_tools", lambda: None)
    monkeypatch.setattr(sysroot, "_bootstrap", step("debian", "usr/bin", "proc", "sys", "lib"))
    monkeypatch.setattr(sysroot, "_install", step("wheels", "numpy"))
    return steps


def test_made_once_and_shared_as_far_as_it_goes(made: list[str], tmp_path: Path) -> None:
    said: list[str] = []
    first = prepare_emulator(tmp_path, PINS, progress=said.append)
    assert prepare_emulator(tmp_path, PINS, progress=said.append) == first
    assert (made, len(said)) == (["debian", "wheels"], 1)
    other = prepare_emulator(tmp_path, Pins("1.23.2", "2.2.6"), "cortex-a53")
    assert made == ["debian", "wheels", "wheels"]
    assert other.site != first.site and other.root != first.root


def test_the_boards_own_wheels_decide_by_their_content(made: list[str], tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    wheel.write_bytes(b"one")
    first = prepare_emulator(tmp_path, PINS, wheels=[wheel])
    wheel.write_bytes(b"two")
    assert prepare_emulator(tmp_path, PINS, wheels=[wheel]).site != first.site


def test_root_shows_another_processor_and_the_systems_files(made: list[str], tmp_path: Path) -> None:
    root = prepare_emulator(tmp_path, PINS, "cortex-a76").root
    text = (root / "proc" / "cpuinfo").read_text()
    cores = text.count("processor")
    assert cores >= 4 and text.count("CPU part\t: 0xd0b") == cores
    assert (root / "sys/devices/system/cpu/possible").read_text() == f"0-{cores - 1}\n"
    assert (root / "usr" / "bin").is_dir() and (root / "usr").is_symlink()
    assert not (root / "proc").is_symlink()


def test_a_broken_off_step_leaves_nothing(made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path, *_: object) -> None:
        (folder / "half").mkdir()
        raise ToolError("no network")

    monkeypatch.setattr(sysroot, "_install", broken)
    with pytest.raises(ToolError, match="no network"):
        prepare_emulator(tmp_path, PINS)
    assert [path.name.split("-")[0] for path in tmp_path.iterdir()] == ["debian"]


def test_unknown_processor(made: list[str], tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no emulated processor 'z80'; known are cortex-a53"):
        prepare_emulator(tmp_path, PINS, "z80")
    assert made == []


def test_all_missing_debian_packages_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ToolError, match=r"qemu-user-static mmdebstrap gcc-aarch64-linux-gnu.*make system-deps"):
        check_tools()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'E: no route' >&2; exit 100", r"X cannot be fetched: E: no route; the network is needed once"),
        ("echo 'ERROR: No matching distribution found for a==1' >&2; exit 1", r"for a==1; there is no such wheel"),
    ],
)
def test_a_failed_fetch_says_why(script: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        sysroot._fetch(["sh", "-c", script], "X")


def test_commands_of_the_emulator() -> None:
    emulator = Emulator(Path("/c/root"), Path("/c/site"), "cortex-a72")
    qemu = ["qemu-aarch64-static", "-cpu", "cortex-a72", "-L", "/c/root"]
    assert emulator.python == [*qemu, "/c/root/usr/bin/python3.11"]
    assert emulator.environment["PYTHONPATH"] == "/c/site"


def test_compiler_that_is_missing_is_named_with_its_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ToolError, match="apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross"):
        binaries.build_runner("aarch64", tmp_path / "runner")
    with pytest.raises(ToolError, match="no compiler for machine 'riscv64'"):
        binaries.build_runner("riscv64", tmp_path / "runner")


def test_wheels_without_the_c_library_are_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"wheels carry it from ONNX Runtime 1\.19 on"):
        binaries.find_library(tmp_path)
