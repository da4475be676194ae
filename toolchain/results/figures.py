"""The figures of a build, gathered from its stages' records.

Every group says where it comes from: `kind` is one of `KINDS` (`measured`: a report of Vivado, or a board;
`requested`: a clock that no tool has confirmed yet); `data` is `synthetic` or `captures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.results.record import StageRecord

KINDS = ("measured", "simulated", "synthesised", "routed", "estimated", "requested")

Records = Mapping[str, StageRecord]


def data(records: Records) -> dict[str, Any]:
    """What the network was trained and tested on."""
    return dict(records["data"].facts)


def accuracy(records: Records) -> dict[str, Any]:
    """Accuracy on the test windows, which the RTL simulation reproduced bit by bit."""
    own = dict(records["train"].facts["accuracy"])
    return {"kind": "simulated", "data": records["data"].facts["kind"], **own}


def baselines(record: StageRecord, accuracy: Mapping[str, Any]) -> dict[str, Any]:
    """What the network is held against, by name: the random split, the float twin, and so on."""
    label = {"kind": accuracy["kind"], "data": accuracy["data"]}
    return {name: {**label, **figures} for name, figures in record.facts.items()}


def resources(records: Records) -> dict[str, Any]:
    """What the implemented design uses of the device; what synthesis counts where it ended in a hand-off."""
    ended = records["implement"]
    record = ended if "resources" in ended.facts else records["synthesise"]
    share = {key: round(value, 2) for key, value in record.facts["used_percent"].items()}
    return {
        "kind": record.facts["kind"],
        "tool": _tools(record),
        **record.facts["resources"],
        "used_percent": share,
    }


def timing(records: Records) -> dict[str, Any]:
    """Clock as implemented, or as asked for; latency and interval in cycles as simulated, and what they come to."""
    ended, simulated = records["implement"].facts, records["simulate"].facts
    hertz = ended["clock_mhz"] * 1e6
    latency, interval = simulated["latency_cycles"], simulated["initiation_interval"]
    return {
        "kind": ended["kind"],
        "fmax_mhz": ended.get("fmax_mhz"),
        "clock_mhz": ended["clock_mhz"],
        "critical_path": ended.get("critical_path", []),
        "cycles_kind": "simulated",
        "latency_cycles": latency,
        "initiation_interval": interval,
        "latency_us": round(latency / hertz * 1e6, 3),
        "inferences_per_second": round(hertz / interval, 1),
    }


def estimate(records: Records) -> dict[str, Any]:
    """What folding expected (`of` the chip, or the core), to be held against what was synthesised and routed."""
    folded = records["map" if "map" in records else "fold"]
    return {"kind": "estimated", **folded.facts["estimate"]}


def graphs(records: Records) -> dict[str, Any]:
    """Every graph for ONNX Runtime with the counts of its proof."""
    made, proved = records["graphs"].facts, records["prove"].facts
    shared = {name: made[name] for name in ("kind", "judge", "vectors", "left_out", "accuracy", "outputs", "notices")}
    return {"proved": proved["graphs"], "budget": proved["budget"], **shared}


def latency(records: Records) -> dict[str, Any]:
    """Latency of each graph by each runner, measured on the computer that built it; and which was chosen."""
    return {"kind": "measured", **records["time"].facts}


def _tools(record: StageRecord) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(record.tools.items()))
