"""How many vectors an emulated board is given: what its slowest graph allows for, and never too few."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flows.stages.ort import verify


@pytest.mark.parametrize(
    ("possible", "there", "count"),
    [([5000, 300], 1000, 300), ([5000, 5000], 1000, 1000), ([5000, 3], 1000, 32), ([5000, 3], 20, 20)],
)
def test_the_slowest_graph_bounds_the_vectors(
    monkeypatch: pytest.MonkeyPatch, possible: list[int], there: int, count: int
) -> None:
    found, asked = iter(possible), []

    def vectors_within(seconds: float, emulator: object, job: object, work: object) -> int:
        asked.append(seconds)
        return next(found)

    context: Any = SimpleNamespace(progress=lambda text: None, work=verify.Path("work"))
    made: Any = SimpleNamespace(vectors=SimpleNamespace(x=np.zeros((there, 4))))
    monkeypatch.setattr(verify, "_packed", lambda context: ["fp32", "qcdq"])
    monkeypatch.setattr(verify, "_job", lambda context, made, name, x: name)
    monkeypatch.setattr(verify, "vectors_within", vectors_within)
    emulator: Any = None
    assert verify._affordable(context, made, emulator) == count
    # Two graphs by two runners, twice each.
    assert asked == [600 / 8] * 2
