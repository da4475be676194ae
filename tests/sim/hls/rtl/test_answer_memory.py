"""The memory of earlier answers: always right, and the network sees only what is none of the last vectors."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hls.library import LIBRARY
from hls.verilate import build_model

HARNESS = Path(__file__).with_name("answer_memory.cpp")


@pytest.mark.parametrize(
    ("in_beats", "out_beats", "places"), [(4, 2, 4), (1, 1, 1), (20, 3, 5), (7, 1, 16)], ids=lambda size: str(size)
)
def test_answers_and_what_reaches_the_network(in_beats: int, out_beats: int, places: int, tmp_path: Path) -> None:
    sizes = {"IN_BEATS": in_beats, "OUT_BEATS": out_beats, "PLACES": places}
    flags = ["-Wall", "-Wno-UNUSEDSIGNAL", "-Wno-PROCASSINIT", *(f"-G{name}={size}" for name, size in sizes.items())]
    program = build_model(
        [LIBRARY / "answer_memory.v"], "answer_memory", HARNESS, tmp_path, flags=flags, optimise=False
    )
    for seed in range(3):
        done = subprocess.run([program, *map(str, (*sizes.values(), seed))], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
        assert int(done.stdout.split()[0]) > 50
