"""What the self-test of an AMD board prints: 40 golden vectors, latency 40, interval 10, 100 MHz."""

from __future__ import annotations

import copy
from typing import Any

EQUAL = {"compared": 40, "equal": 40, "differing": []}
_GOLDEN = {"summary": "40 labels compared, 40 equal", "differences": [], "counts": EQUAL}
_FINDINGS: list[dict[str, Any]] = [
    {"name": "identify", "summary": "model", "differences": [], "measured": {}, "counts": {}},
    {"name": "golden vectors, one by one", **_GOLDEN, "measured": {"vectors": 40, "seconds_with_driver": 0.1}},
    {"name": "golden vectors, in bursts by DMA", **_GOLDEN, "measured": {"vectors": 40, "seconds_with_driver": 0.5}},
    {
        "name": "bench",
        "summary": "1,000,000 inferences over 16 stored vectors",
        "differences": [],
        "counts": {"checksum": "0000cafe", "expected_checksum": "0000cafe"},
        "measured": {
            "inferences": 1_000_000,
            "seconds": 0.1,
            "inferences_per_second": 1e7,
            "latency_cycles": 40,
            "initiation_interval": 10.0,
        },
    },
    {
        "name": "counters",
        "summary": "1,000,081 inferences counted, 1,000,081 asked for",
        "differences": [],
        "counts": {},
        "measured": {"inferences_counted": 1_000_081, "inferences_asked": 1_000_081},
    },
]


def findings(changes: dict[int, dict[str, Any]] | None = None, **measured: Any) -> list[dict[str, Any]]:
    """Its findings.

    Args:
        changes: what stands otherwise, by the finding's index.
        measured: figures of the bench that stand otherwise.
    """
    made = copy.deepcopy(_FINDINGS)
    for index, change in (changes or {}).items():
        made[index] |= change
    made[3]["measured"] |= measured
    return made
