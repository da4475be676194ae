"""The delays by which unrolled cores get their registers, fitted to routed designs.

``python -m tests.benchmarks.fit_delays build/*/*/*/implement/timing.json``: reports of nextpnr-ecp5. Prints the
`Delays` that `hls.unrolled.fabric` should have, and how well they tell each design's critical path.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hls.unrolled.fabric import Delays


@dataclass(frozen=True)
class Hop:
    """One cell of a path and the routing before it, in nanoseconds.

    Attributes:
        kind: "register", "lut", "enter" and "leave" a carry chain, or "place" along it.
    """

    kind: str
    logic: float
    routing: float


def hops(report: Path) -> list[Hop]:
    """The hops of the longest path between registers."""
    paths = [
        path["path"]
        for path in json.loads(report.read_text())["critical_paths"]
        if "<async>" not in (path["from"], path["to"])
    ]
    return list(_hops(max(paths, key=lambda path: sum(step["delay"] for step in path))))


def _hops(path: list[dict[str, Any]]) -> Iterator[Hop]:
    routing = 0.0
    for step in path:
        if step["type"] == "routing":
            routing = step["delay"]
            continue
        yield Hop(_kind(step), step["delay"], routing)
        routing = 0.0


def _kind(step: dict[str, Any]) -> str:
    into, out = step["from"]["port"], step["to"]["port"]
    if step["type"] != "logic":
        return "register"
    if into == "FCI":
        return "place" if out == "FCO" else "leave"
    return "enter" if out == "FCO" else "lut"


def fitted(paths: list[list[Hop]]) -> Delays:
    """Mean delays; a hop's routing is that of all hops that have any."""
    every = [hop for path in paths for hop in path]

    def mean(kind: str) -> float:
        return statistics.fmean(hop.logic for hop in every if hop.kind == kind)

    routing = statistics.fmean(hop.routing for hop in every if hop.kind in ("lut", "enter"))
    register = statistics.fmean(sum(hop.logic for hop in path if hop.kind == "register") for path in paths)
    chain = mean("enter") + mean("leave") + routing
    return Delays(*(float(np.round(v, 3)) for v in (mean("lut") + routing, chain, mean("place"), register)))


def told(delays: Delays, path: list[Hop]) -> float:
    """What the delays tell of a path."""
    count = {kind: sum(hop.kind == kind for hop in path) for kind in ("lut", "enter", "place")}
    return delays.register + delays.lut * count["lut"] + delays.chain * count["enter"] + delays.place * count["place"]


def main() -> None:
    """Fit the reports that are named."""
    reports = list(map(Path, sys.argv[1:]))
    paths = list(map(hops, reports))
    delays = fitted(paths)
    print(delays)
    for report, path in zip(reports, paths, strict=True):
        real = sum(hop.logic + hop.routing for hop in path)
        print(f"{report}: {real:.1f} ns routed, {told(delays, path):.1f} ns told")


if __name__ == "__main__":
    main()
