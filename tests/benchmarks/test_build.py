"""How long builds take and how much memory they need; prints figures, and checks only what does not depend on speed.

Goals on two idle cores: a build in 300 s and 4 GiB, a build with nothing to do in 5 s, 10,000 folded and 100,000
unrolled inferences a second in simulation. Run with ``make bench``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """One `gateweave build`: wall seconds, greatest resident memory of all its processes, and what ran."""

    seconds: float
    peak_gib: float
    stages: tuple[str, ...]


def build(folder: Path, *options: str) -> Run:
    environment = {**os.environ, "GATEWEAVE_BUILD_DIR": str(folder)}
    started = time.monotonic()
    command = [sys.executable, "-m", "toolchain.cli", "build", *options]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.2)
    assert process.returncode == 0
    assert process.stdout is not None
    lines = [line.split() for line in process.stdout.read().splitlines()]
    done = tuple(words[0] for words in lines if len(words) > 3 and words[2] == "s" and words[0].isalpha())
    return Run(time.monotonic() - started, peak / 2**30, done)


def resident(pid: int) -> int:
    """Bytes resident of a process and all its children; pages that they share count more than once."""
    total = 0
    try:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return total


def simulated_rate(folder: Path, strategy: str) -> float:
    """Inferences a second of the whole test set in Verilator, as the simulate stage said."""
    events = folder / f"cqmlp/ulx3s/default-{strategy}/events.jsonl"
    texts = [json.loads(line)["text"] for line in events.read_text().splitlines()]
    text = next(text for text in texts if text.startswith("RTL = integer"))
    return float(text.split("(")[1].split("/s")[0].replace(",", ""))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


def test_builds(folder: Path) -> None:
    first = build(folder)
    report("make build", first)
    assert "train" in first.stages
    again = build(folder)
    report("make build again", again)
    assert again.stages == ()
    folded = build(folder, "--fps", "400000")
    report("make build FPS=400000", folded)
    assert folded.stages[0] == "fold"
    assert "train" not in folded.stages
    unrolled = build(folder, "--strategy", "unrolled")
    report("make build STRATEGY=unrolled", unrolled)
    for strategy in ("folded", "unrolled"):
        print(f"simulation, {strategy}: {simulated_rate(folder, strategy):,.0f} inferences/s")


def test_builds_of_other_flows(folder: Path) -> None:
    """Goals: FINN's front end and RTL in 60 s, its simulation in 180 s, `BOARD=host` after training in 60 s."""
    build(folder)
    for flow in ("finn", "dataflow"):
        report(f"make build BOARD=zcu104 FLOW={flow}", build(folder, "--board", "zcu104", "--flow", flow))
    seconds = stage_seconds(folder / "cqmlp/zcu104/default-finn/records")
    print(f"FINN, front end and RTL: {seconds['map'] + seconds['generate']:.1f} s")
    print(f"FINN, Verilator build and whole test set: {seconds['simulate']:.1f} s")
    host = build(folder, "--board", "host")
    report("make build BOARD=host", host)
    assert host.stages == ("graphs", "prove", "time", "package")


def stage_seconds(records: Path) -> dict[str, float]:
    """Seconds of each stage, as its record has them."""
    return {path.stem: json.loads(path.read_text())["seconds"] for path in records.glob("*.json")}


def report(what: str, run: Run) -> None:
    print(f"{what}: {run.seconds:.1f} s, {run.peak_gib:.2f} GiB, ran {', '.join(run.stages) or 'nothing'}")
