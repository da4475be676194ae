from __future__ import annotations

import importlib._bootstrap_external
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fast.toolchain.package.amd.packages import bitstream_package, built, content, manifest
from toolchain.catalog import load_board
from toolchain.device.checksums import verify_package
from toolchain.errors import BuildError
from toolchain.package.amd.content import write_bitstream, write_driver, write_handoff
from toolchain.package.amd.facts import board_facts
from toolchain.report.amd_readme import readme_amd


def handoff(folder: Path, flow: str = "dataflow") -> Path:
    (folder / "project").mkdir(parents=True)
    (folder / "project" / "build.tcl").write_text("# tcl\n")
    (folder / "project" / "rtl").mkdir()
    (folder / "project" / "rtl" / "axi_chip.v").write_text("module axi_chip; endmodule\n")
    write_handoff(content(folder / "package"), folder / "project", manifest(flow))
    return folder / "package"


def run(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Without site-packages: what a board or a bare machine has."""
    command = [sys.executable, "-I", "-S", str(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": os.defpath}, cwd="/")


@pytest.mark.parametrize("flow", ["dataflow", "finn"])
def test_a_handoff_holds_what_the_other_machine_needs(tmp_path: Path, flow: str) -> None:
    package = handoff(tmp_path, flow)
    made = verify_package(package)
    assert made["status"] == "handoff"
    assert made["roles"] == {"finish": "finish.py", "manifest": "manifest.json", "model_card": "MODEL.md"}
    expected = {"finish.py", "project/rtl/axi_chip.v", "lib/toolchain/vivado/run.py", "vectors.bin", "README.md"}
    expected |= {"requirements-finn.txt", "lib/toolchain/finn/finish.py"} if flow == "finn" else set()
    assert expected <= set(made["files"])
    assert ("lib/toolchain/finn/finish.py" in made["files"]) == (flow == "finn")
    assert os.access(package / "finish.py", os.X_OK)


@pytest.mark.parametrize("flow", ["dataflow", "finn"])
def test_a_bitstream_package_holds_what_the_board_needs(tmp_path: Path, flow: str) -> None:
    package = bitstream_package(tmp_path, flow)
    made = verify_package(package)
    assert made["status"] == "bitstream"
    assert made["roles"]["bitstream"] == "bitstream/zcu104-cqmlp.bit"
    assert {"driver.py", "self_test.py", "reports/timing.rpt", "answers.bin"} <= set(made["files"])
    assert not any(name.startswith(("lib/toolchain/vivado", "project/", "finish")) for name in made["files"])


def test_pynq_finds_the_description_and_no_platform_beside_the_bitstream(tmp_path: Path) -> None:
    """pynq reads `<name>.xsa` instead of `<name>.hwh` where both lie beside `<name>.bit`."""
    names = sorted(path.name for path in (bitstream_package(tmp_path) / "bitstream").iterdir())
    assert names == ["zcu104-cqmlp.bit", "zcu104-cqmlp.hwh"]


@pytest.mark.parametrize("flow", ["dataflow", "finn"])
def test_equal_inputs_give_equal_bytes(tmp_path: Path, flow: str) -> None:
    first, second = handoff(tmp_path / "a", flow), handoff(tmp_path / "elsewhere", flow)
    assert (first / "manifest.json").read_bytes() == (second / "manifest.json").read_bytes()
    assert str(tmp_path) not in (first / "manifest.json").read_text() + (first / "README.md").read_text()


@pytest.mark.parametrize("key", ["host_link", "identity", "clock_mhz"])
def test_a_manifest_that_lacks_what_the_driver_needs_is_refused(tmp_path: Path, key: str) -> None:
    lacking = {name: value for name, value in manifest("dataflow").items() if name != key}
    with pytest.raises(BuildError, match=f"manifest: lacks {key}"):
        write_bitstream(content(tmp_path / "package"), built(tmp_path / "vivado"), lacking)


def test_finns_driver_needs_its_streams(tmp_path: Path) -> None:
    lacking = {name: value for name, value in manifest("finn").items() if name != "stream"}
    with pytest.raises(BuildError, match="manifest: lacks stream"):
        write_bitstream(content(tmp_path / "package"), built(tmp_path / "vivado"), lacking)


@pytest.mark.parametrize("name", ["zcu104", "pynq-z2"])
def test_a_boards_facts_are_what_the_packages_need(name: str) -> None:
    facts = board_facts(load_board(name))  # type: ignore[arg-type]
    assert {"part", "host_link", "clock_mhz"} <= set(facts)
    json.dumps(facts)


# The programs, as they lie in a package -------------------------------------------------------------


def test_the_programs_run_on_a_bare_python(tmp_path: Path) -> None:
    package = bitstream_package(tmp_path)
    done = run(package / "driver.py", "--device", "linux", "--no-load", "identify")
    assert done.returncode == 1
    assert done.stderr.startswith("error: /sys/class/fpga_manager/fpga0: cannot be read")
    assert run(package / "self_test.py", "--help").returncode == 0
    assert not list(package.rglob("__pycache__"))


def test_a_handoffs_finish_refuses_to_go_on_without_vivado(tmp_path: Path) -> None:
    done = run(handoff(tmp_path) / "finish.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: vivado is not on the PATH" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_corrupted_handoff_is_named_before_vivado_is_looked_for(tmp_path: Path) -> None:
    package = handoff(tmp_path)
    (package / "project" / "rtl" / "axi_chip.v").write_text("module axi_chip; endmodul\n")
    done = run(package / "finish.py")
    assert done.returncode == 1
    assert "not as it was packed: altered: project/rtl/axi_chip.v; copy the package again" in done.stderr


@pytest.mark.parametrize("content", [b"def broken(:\n", b"\0\xff", b""])
@pytest.mark.parametrize(
    "name", ["device/intact.py", "device/checksums.py", "package/amd/finish.py", "device/bundle.py"]
)
def test_a_lib_so_damaged_that_it_does_not_load_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    package = handoff(tmp_path)
    (package / "lib/toolchain" / name).write_bytes(content)
    done = run(package / "finish.py")
    assert done.returncode == 1
    altered = f"not as it was packed: altered: lib/toolchain/{name}"
    words = "this package is damaged" if name == "device/intact.py" else altered
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr


def _plant(package: Path, name: str) -> None:
    """Code that says so when it runs, and is newer than what it would stand for."""
    path = package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    source = b"print('PLANTED')\n"
    if path.suffix == ".py":
        path.write_bytes(source)
        return
    stood_for = package / "lib/toolchain/errors.py"
    code = importlib._bootstrap_external._code_to_timestamp_pyc(
        compile(source, "planted", "exec"), int(stood_for.stat().st_mtime), stood_for.stat().st_size
    )
    path.write_bytes(code)


@pytest.mark.parametrize(
    "name",
    [
        "json.py",
        "hashlib.py",
        "typing.py",
        "lib/numpy.py",
        f"lib/toolchain/__pycache__/errors.{sys.implementation.cache_tag}.pyc",
        f"lib/toolchain/device/__pycache__/intact.{sys.implementation.cache_tag}.pyc",
    ],
)
@pytest.mark.parametrize("program", ["finish.py"])
def test_planted_code_is_named_and_never_runs(tmp_path: Path, name: str, program: str) -> None:
    package = handoff(tmp_path)
    _plant(package, name)
    done = subprocess.run([sys.executable, str(package / program), "--check"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "PLANTED" not in done.stdout + done.stderr
    assert "not as it was packed: extra: " in done.stderr


def test_the_self_test_refuses_a_handoff(tmp_path: Path) -> None:
    """Even where its programs have come into one."""
    package = content(tmp_path / "package")
    write_driver(package)
    (tmp_path / "project").mkdir()
    write_handoff(package, tmp_path / "project", manifest("dataflow"))
    done = run(package / "self_test.py")
    assert done.returncode == 1
    assert "is a hand-off, it holds no bitstream yet" in done.stderr


# README ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", ["dataflow", "finn"])
def test_readme_of_a_handoff(flow: str) -> None:
    text = readme_amd({**manifest(flow), "status": "handoff"})
    for words in ("**hand-off**", "finish.py", "settings64.sh", "xczu7ev-ffvc1156-2-e", "Not tried on hardware"):
        assert words in text
    assert ("requirements-finn.txt" in text) == (flow == "finn")
    assert "40 cycles (0.40 us)" in text
    assert "(simulated)" in text


@pytest.mark.parametrize("flow", ["dataflow", "finn"])
def test_readme_of_a_bitstream(flow: str) -> None:
    text = readme_amd({**manifest(flow), "status": "bitstream"})
    for words in ("python3 self_test.py", "PYNQ 3.0.1", "u-dma-buf", "Not tried on hardware"):
        assert words in text
    assert "finish.py" not in text
    assert ("by DMA only" in text) == (flow == "finn")


def test_readme_of_large_vectors_tells_the_memory_that_they_need() -> None:
    text = readme_amd({**manifest("dataflow"), "status": "bitstream", "dma_bytes": 8_785_920})
    assert "udmabuf0=8785920" in text
    assert "by DMA only" in text
