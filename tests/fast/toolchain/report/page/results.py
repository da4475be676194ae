"""Results of runs and measurements that were never taken, to put beside a build."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from toolchain.files import write_json

MARKS = {"build_id": "bb" * 8}


def run_result(**changes: Any) -> dict[str, Any]:
    each = [1e-3 + 1e-5 * (step % 23) for step in range(256)] + [0.05]
    latency = {
        "kind": "measured",
        "cycles": {"kind": "measured", "median": 366},
        "seconds": {"fabric": _times(14.6e-6), "driver": None, "link": _times(9.5e-4), "end_to_end": _times(1.01e-3)},
        "end_to_end_seconds": each,
    }
    return {
        "what": "run", "virtual": False, "identity": MARKS, "latency": latency,
        "answers": {"kind": "measured", "vectors": "test set", "compared": 46840, "equal": 46840, "differing": []},
        "accuracy": {"kind": "measured", "accuracy": 0.99985},
        "throughput": {"kind": "measured", "inferences_per_second": 1800.0},
        "bench": {"kind": "measured", "inferences_per_second": 130208.3}, **changes,
    }  # fmt: skip


def spread(median: float) -> dict[str, float]:
    return {"median": median, "low": 0.98 * median, "high": 1.03 * median}


def measurement(**changes: Any) -> dict[str, Any]:
    energy = {
        "kind": "measured",
        "per_inference_j": {"net": spread(2.3e-4), "gross": spread(3.1e-4)},
        "power_w": {"idle": spread(1.42), "active": spread(2.09), "net": spread(0.67)},
    }
    repeats = [
        {
            "accepted": True,
            "windows": _windows(30.0 * index),
            "conditions": [{"temperature_c": {"cpu": 41.0 + index + half}} for half in (0.0, 0.5)],
        }
        for index in range(5)
    ]
    source = {"name": "ina226", "rail": "12 V input", "kind": "measured", "quantity": "power", "in_total": True}
    return {
        "schema": 2, "kind": "measured", "status": "ok", "reasons": [], "provenance": MARKS, "sources": [source],
        "latency": {"inferences": 1000, "seconds_per_inference": spread(1.1e-4)}, "energy": energy,
        "repeats": repeats, "sampling_cost": {"share": 0.002},
        **changes,
    }  # fmt: skip


def write_results(board_dir: Path, **marks: str) -> None:
    """A run and a measurement with its raw samples; `marks` say whose they are."""
    whose = marks or MARKS
    write_json(board_dir / "measurements" / "run-1.json", run_result(identity=whose))
    write_json(board_dir / "measurements" / "energy-1.json", measurement(provenance=whose))
    samples = [json.dumps([0.05 * step, 0, _power(0.05 * step)]) for step in range(3000)]
    lines = [json.dumps({"sources": []}), *samples, json.dumps({"event": "stopped", "t": 150.0}), '[1.0, 0, "2']
    (board_dir / "measurements" / "energy-1.raw.jsonl").write_text("\n".join(lines))


def _times(median: float) -> dict[str, float]:
    shares = {"minimum": 0.9, "median": 1, "p95": 1.1, "p99": 1.4, "maximum": 3}
    return {name: share * median for name, share in shares.items()}


def _windows(start: float) -> dict[str, list[float]]:
    names = ("before", "active", "after")
    return {name: [start + 10 * place + 1, start + 10 * place + 9] for place, name in enumerate(names)}


def _power(time: float) -> float:
    active = 10 <= time % 30 < 20
    return round((2.09 if active else 1.42) + 0.02 * math.sin(37 * time), 3)
