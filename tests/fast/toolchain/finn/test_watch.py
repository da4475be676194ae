"""What is said while FINN waits for Vivado: the last step of the newest log."""

from __future__ import annotations

import os
import time
from pathlib import Path

from toolchain.finn.watch import latest, watching

ROUTING = "Command: place_design\nPhase 1 Placer Initialization\nCommand: route_design\nPhase 2 Router Init \n"


def write(path: Path, text: str, age_s: float = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time.time() - age_s,) * 2)


def test_nothing_without_logs(tmp_path: Path) -> None:
    assert latest(tmp_path) == ""
    assert latest(tmp_path / "missing") == ""


def test_last_step_of_the_newest_log(tmp_path: Path) -> None:
    write(tmp_path / "a" / "vitis_hls.log", "INFO\n", age_s=60)
    write(tmp_path / "vivado_zynq_proj_x" / "runs" / "runme.log", ROUTING)
    assert latest(tmp_path) == "Vivado: route_design, phase 2: Router Init"


def test_log_without_steps_is_named_by_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "vivado_stitch_proj_x" / "vivado.log", "INFO\n", age_s=60)
    assert latest(tmp_path) == "Vivado: packaging a core"
    write(tmp_path / "code" / "vitis_hls.log", "INFO\n")
    assert latest(tmp_path) == "Vitis HLS: at work"


def test_each_phrase_once(tmp_path: Path) -> None:
    said: list[str] = []
    with watching(tmp_path, said.append, period_s=0.01):
        write(tmp_path / "vivado.log", ROUTING)
        deadline = time.monotonic() + 5
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)
    assert said == ["Vivado: route_design, phase 2: Router Init"]
