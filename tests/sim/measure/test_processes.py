"""The agent as a process of its own on a tree of plain files: killed, interrupted, and under an emulated aarch64."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.doubles.sensors import WIDTH, hwmon
from tests.fast.toolchain.measure.bench import Bench
from toolchain.measure.agent_archive import build_agent
from toolchain.runtime.sysroot import Emulator, Pins, prepare_emulator

CACHE = Path(os.environ.get("GATEWEAVE_EMULATOR_CACHE") or REPOSITORY / "build" / "cache" / "emulator")
PINS = Pins(*(importlib.metadata.version(name) for name in ("onnxruntime", "numpy")))
WORK = """import json, sys, time
t = time.monotonic()
time.sleep(float(sys.argv[1]))
print(json.dumps({"inferences": 1000, "started_monotonic": t, "ended_monotonic": time.monotonic()}))
"""
# What runs under the emulator: one measurement in simulated time, with the same doubles as here.
SIMULATED = f"""import json, sys
sys.path.insert(0, {str(REPOSITORY)!r})
from pathlib import Path
from tests.fast.toolchain.measure.bench import Bench
print(json.dumps(Bench(Path(sys.argv[1]), seed=3).run()))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """A ZCU104's sensor whose value changes every 5 ms."""
    path = hwmon(tmp_path / "root", 0, "ina226_u183", update_interval=5) / "power1_input"
    path.write_text("12000000".rjust(WIDTH) + "\n")
    (tmp_path / "work.py").write_text(WORK)
    ending = threading.Event()

    def change() -> None:
        handle, step = os.open(path, os.O_WRONLY), 0
        while not ending.wait(0.005):
            step += 1
            os.pwrite(handle, str(12_000_000 + step % 7 * 25_000).rjust(WIDTH).encode(), 0)
        os.close(handle)

    thread = threading.Thread(target=change)
    thread.start()
    yield tmp_path
    ending.set()
    thread.join()


def words(tree: Path, python: list[str], seconds: float, repeats: int = 5) -> list[str]:
    options = ["--root", str(tree / "root"), "--out", str(tree / "out"), "--warm-up", "0", "--repeats", str(repeats)]
    command = [*python, str(build_agent(tree / "agent")), "measure", *options, "--seconds", str(seconds)]
    return [*command, "--", *python, str(tree / "work.py"), "{seconds}"]


def wait_for(raw: Path, text: bytes) -> None:
    deadline = time.monotonic() + 30
    while not (raw.exists() and text in raw.read_bytes()):
        assert time.monotonic() < deadline, "the agent got nowhere"
        time.sleep(0.05)


def samples(raw: Path) -> int:
    return sum(line.startswith(b"[") for line in raw.read_bytes().splitlines())


def test_a_kill_loses_no_sample(tree: Path) -> None:
    process = subprocess.Popen(words(tree, [sys.executable], 0.3), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    raw = tree / "out" / "raw.jsonl"
    wait_for(raw, b'"repeat"')
    process.kill()
    process.communicate()
    done = subprocess.run([sys.executable, str(tree / "agent/agent.pyz"), "analyse", str(raw)], capture_output=True)
    result = json.loads(done.stdout)
    assert result["status"] == "unfinished"
    assert result["raw"]["samples"] == samples(raw) > 100
    assert len(result["repeats"]) >= 1 and result["repeats"][0]["inferences"] == 1000


def test_a_termination_still_gives_a_result(tree: Path) -> None:
    process = subprocess.Popen(words(tree, [sys.executable], 0.3), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wait_for(tree / "out" / "raw.jsonl", b'"repeat"')
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(stdout)["status"] == "interrupted"
    assert json.loads((tree / "out" / "result.json").read_text())["status"] == "interrupted"


def test_a_second_measurement_does_not_mix_with_the_first(tree: Path) -> None:
    (tree / "out").mkdir()
    (tree / "out" / "raw.jsonl").write_text("[1,0,1]\n")
    done = subprocess.run(words(tree, [sys.executable], 0.1), capture_output=True, text=True)
    assert done.returncode == 1 and "holds a measurement already" in done.stderr
    assert (tree / "out" / "raw.jsonl").read_text() == "[1,0,1]\n"


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return prepare_emulator(CACHE, PINS, "cortex-a53")


def emulated(emulator: Emulator, command: list[str]) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, env=emulator.environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_on_an_emulated_zynq_the_agent_runs_and_nothing_is_called_measured(emulator: Emulator, tree: Path) -> None:
    result = emulated(emulator, words(tree, emulator.python, 0.3, repeats=1))
    assert result["provenance"]["architecture"] == "aarch64" and result["provenance"]["emulated"]
    assert result["kind"] == "simulated" and result["latency"]["kind"] == "emulated"
    assert result["sources"][0]["name"] == "ina226_u183" and result["sources"][0]["samples"] > 50
    assert result["status"] == "rejected" and "too short" in result["repeats"][0]["reasons"][0]


def test_on_an_emulated_zynq_the_figures_are_the_same(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "simulated.py").write_text(SIMULATED)
    there = emulated(emulator, [*emulator.python, str(tmp_path / "simulated.py"), str(tmp_path / "there")])
    here = Bench(tmp_path / "here", seed=3).run()
    assert there["status"] == here["status"] == "ok"
    for name in ("net", "gross"):
        assert there["energy"]["per_inference_j"][name] == pytest.approx(here["energy"]["per_inference_j"][name])
