"""The figures of a build, gathered from its stages' records.

Every group says where it comes from: `kind` is one of `KINDS`; `data` is `synthetic` or `captures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolchain.record import StageRecord

KINDS = ("measured", "simulated", "synthesised", "routed", "estimated")

Records = Mapping[str, StageRecord]


def data(records: Records) -> dict[str, Any]:
    """What the network was trained and tested on."""
    return dict(records["data"].facts)


def accuracy(records: Records) -> dict[str, Any]:
    """Accuracy on the test windows, which the RTL simulation reproduced bit by bit.

    Beside the network's own on the default split: the random split, the float twin, and what else
    the baselines stage compares with.
    """
    own = dict(records["train"].facts["accuracy"])
    label = {"kind": "simulated", "data": records["data"].facts["kind"]}
    baselines = {name: {**label, **f} for name, f in records["baselines"].facts.items()}
    return {**label, **own, **baselines}


def resources(records: Records) -> dict[str, Any]:
    """What the routed design uses of the device."""
    routed = records["implement"]
    used = routed.facts["resources"]
    share = {key: round(value, 2) for key, value in routed.facts["used_percent"].items()}
    return {"kind": "routed", "tool": _tools(routed), **used, "used_percent": share}


def timing(records: Records) -> dict[str, Any]:
    """Clock as routed; latency and interval in cycles as simulated, and what they come to."""
    routed, simulated = records["implement"].facts, records["simulate"].facts
    hertz = routed["clock_mhz"] * 1e6
    latency, interval = simulated["latency_cycles"], simulated["initiation_interval"]
    return {
        "kind": "routed",
        "fmax_mhz": routed["fmax_mhz"],
        "clock_mhz": routed["clock_mhz"],
        "critical_path": routed["critical_path"],
        "cycles_kind": "simulated",
        "latency_cycles": latency,
        "initiation_interval": interval,
        "latency_us": round(latency / hertz * 1e6, 3),
        "inferences_per_second": round(hertz / interval, 1),
    }


def estimate(records: Records) -> dict[str, Any]:
    """What folding expected, to be held against what was routed."""
    return {"kind": "estimated", **records["fold"].facts["estimate"]}


def _tools(record: StageRecord) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(record.tools.items()))
