"""A hand-off through the double of Vivado to a package that passes the self-test, each program on a bare Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.fast.toolchain.device.link.axi.fakes import CONTROL, DMA, FakeChip, FakeDevice, FakeDma, FakeMemory
from tests.fast.toolchain.package.amd.packages import CLASSES, LABELS, MANIFEST, VECTORS, content
from tests.sim.hls.axi.shapes import SHAPES
from toolchain.device.checksums import file_hashes, verify_package
from toolchain.device.link.axi.opening import open_board
from toolchain.device.link.axi.selftest import run_self_test
from toolchain.package.amd.content import write_handoff
from toolchain.vivado.project import ProjectSpec, write_project

DOUBLE = REPOSITORY / "tests" / "doubles" / "vivado" / "bin"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A hand-off as a build writes it, in a folder as people have them."""
    project = tmp_path / "project"
    _, sources = SHAPES["pipeline"].generate(project / "rtl")
    roms = sorted(path.name for path in (project / "rtl").iterdir() if path.suffix == ".hex")
    spec = ProjectSpec(
        name="zcu104-cqmlp",
        family=MANIFEST["family"],
        part=MANIFEST["part"],
        board_part="xilinx.com:zcu104:part0:1.1",
        clock_mhz=MANIFEST["clock_mhz"],
        control=CONTROL,
        dma=DMA,
        data_bits=32,
        top="axi_chip",
        sources=[f"rtl/{path.name}" for path in sources],
        roms=[f"rtl/{name}" for name in roms],
    )
    write_project(spec, project)
    write_handoff(content(tmp_path / "my hand-off"), project, MANIFEST)
    return tmp_path / "my hand-off"


def finish(package: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": f"{DOUBLE}{os.pathsep}{os.environ['PATH']}", "HOME": str(package.parent), **environment}
    command = [sys.executable, "-I", "-S", str(package / "finish.py")]
    return subprocess.run(command, capture_output=True, text=True, env=known, cwd="/", check=False)


def test_one_command_makes_a_package_that_passes_its_self_test(package: Path) -> None:
    before = file_hashes(package)
    done = finish(package)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Vivado: routing" in done.stdout
    out = package.with_name("my hand-off-bitstream")
    made = verify_package(out)
    assert (made["status"], made["tools"]["Vivado"]) == ("bitstream", "2024.1")
    assert (made["resources"]["kind"], made["timing"]["kind"]) == ("measured", "measured")
    assert {"reports/timing.rpt", "reports/utilisation.rpt", "platform/zcu104-cqmlp.xsa"} <= set(made["files"])
    assert file_hashes(package) == before

    labels, memory = dict(zip(VECTORS, LABELS, strict=True)), FakeMemory()
    chip = FakeChip(labels.__getitem__, VECTORS[:16], len(VECTORS[0]), len(CLASSES))
    device: Any = FakeDevice({CONTROL: chip, DMA: FakeDma(memory, chip)}, memory)
    findings = list(run_self_test(open_board(out, device), inferences=100))
    assert [difference for finding in findings for difference in finding.differences] == []


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"VIVADO_DOUBLE_PLAY": "licence"}, "licen"),
        ({"VIVADO_DOUBLE_PLAY": "timing"}, "MHz needed"),
        ({"VIVADO_DOUBLE_PLAY": "killed"}, "killed"),
        ({"VIVADO_DOUBLE_VERSION": "2021.1"}, "supported are 2022.2 to 2025.2"),
    ],
)
def test_each_fault_is_one_line_and_leaves_no_package(package: Path, environment: dict[str, str], words: str) -> None:
    before = file_hashes(package)
    done = finish(package, **environment)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert not package.with_name("my hand-off-bitstream").exists()
    assert file_hashes(package) == before
