from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("gateweave build --board rasp", {"raspberrypi-pico", "raspberrypi-pico2", "raspberrypi4", "raspberrypi5"}),
        ("gateweave build --model cq", {"cqmlp"}),
        ("gateweave build --model cqmlp --recipe pub", {"published"}),
        ("gateweave build --model nothing --recipe pub", set()),
        ("gateweave build --strategy un", {"unrolled", "unrolled-rom"}),
    ],
)
def test_a_shell_completes_values(typed: str, offered: set[str], tmp_path: Path) -> None:
    asked = {"_GATEWEAVE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    command = [sys.executable, "-c", "from toolchain.cli.app import app; app(prog_name='gateweave')"]
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert set(done.stdout.split()) == offered, done.stderr
