"""Every program of a package begins alike: nothing of a damaged package runs, and one line says so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.device.checksums import write_manifest
from toolchain.device.programs import write_program
from toolchain.errors import BuildError
from toolchain.package.amd import content as amd
from toolchain.package.open import content as serial


def _run(program: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-S", str(program), "--help"], capture_output=True, text=True)


@pytest.mark.parametrize("write", [amd.write_driver, serial.write_driver])
@pytest.mark.parametrize("name", ["driver.py", "self_test.py"])
def test_a_flipped_bit_in_the_check_itself_ends_in_one_line(
    tmp_path: Path, write: Callable[[Path], None], name: str
) -> None:
    write(tmp_path)
    write_manifest(tmp_path, {})
    assert _run(tmp_path / name).returncode == 0
    check = tmp_path / "lib/toolchain/device/intact.py"
    check.write_bytes(check.read_bytes().replace(b"faults.items() if names", b"faults.items() if ncmes"))
    (tmp_path / "extra").touch()
    done = _run(tmp_path / name)
    assert done.returncode == 1
    assert done.stderr == "error: this package is damaged (intact.py was altered); copy the package again\n"


def test_a_script_that_would_check_nothing_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print('hello')\n")
    with pytest.raises(BuildError, match=r"script\.py: should import opening once"):
        write_program(tmp_path / "script.py", tmp_path / "program.py")
