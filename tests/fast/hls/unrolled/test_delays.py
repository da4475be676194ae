"""The script that fits delays reads nextpnr's paths as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hls.unrolled.fabric import Delays
from tests.benchmarks.fit_delays import fitted, hops, told


def step(kind: str, delay: float, into: str = "Q", out: str = "Q") -> dict[str, object]:
    return {"type": kind, "delay": delay, "from": {"port": into}, "to": {"port": out}}


# A register, a LUT, a chain of two places behind the first, and a register.
PATH = [
    step("clk-to-q", 0.5),
    step("routing", 1.0),
    step("logic", 0.2, "A", "F"),
    step("routing", 0.8),
    step("logic", 0.4, "B", "FCO"),
    step("routing", 0.0),
    step("logic", 0.07, "FCI", "FCO"),
    step("routing", 0.0),
    step("logic", 0.01, "FCI", "FCO"),
    step("routing", 0.0),
    step("logic", 0.5, "FCI", "F"),
    step("routing", 0.3),
    step("setup", 0.1),
]


def test_hops_and_their_means(tmp_path: Path) -> None:
    report = tmp_path / "timing.json"
    from_pin = {"from": "<async>", "to": "posedge clk", "path": [step("routing", 99.0)]}
    inside = {"from": "posedge clk", "to": "posedge clk", "path": PATH}
    report.write_text(json.dumps({"critical_paths": [from_pin, inside]}))
    path = hops(report)
    assert [hop.kind for hop in path] == ["register", "lut", "enter", "place", "place", "leave", "register"]
    delays = fitted([path])
    # Of two hops with routing the mean is 0.9.
    assert delays == Delays(lut=1.1, chain=1.8, place=0.04, register=0.6)
    assert told(delays, path) == pytest.approx(0.6 + 1.1 + 1.8 + 2 * 0.04)
