"""What an emulator is given to do is bounded by what a few vectors take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain.runtime import emulate
from toolchain.runtime.answers import Job
from toolchain.runtime.sysroot import Emulator

START, EACH = 3.0, 0.5


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """One that takes 3 s to start and 0.5 s a vector, by a clock of its own."""
    now = [0.0]

    def answer(command: list[str], job: Job, folder: Path, **options: Any) -> None:
        assert "--emulated" in job.words
        now[0] += START + EACH * len(job.vectors)

    monkeypatch.setattr(emulate, "answer", answer)
    monkeypatch.setattr(emulate.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(emulate, "runner_in", lambda work, machine: work)
    monkeypatch.setattr(emulate, "find_library", lambda site: site)
    return Emulator(Path("root"), Path("site"), "cortex-a72")


@pytest.mark.parametrize(("seconds", "there", "count"), [(100, 50, 200), (0.1, 50, 1), (100, 3, 200), (7, 1, 2)])
def test_as_many_vectors_as_the_seconds_allow_for(
    emulator: Emulator, tmp_path: Path, seconds: float, there: int, count: int
) -> None:
    job = Job(tmp_path / "m.onnx", np.zeros((there, 4), np.float32))
    assert emulate.vectors_within(seconds, emulator, job, tmp_path) == count
