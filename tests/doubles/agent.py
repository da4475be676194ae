"""A machine on which the measuring agent ran: what it printed, and the samples that it left behind."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolchain.device.agent.analyse import RAW
from toolchain.errors import ToolError


class Losing:
    """A machine whose connection is lost; the agent had written this much."""

    address = "root@board"

    def __init__(self, raw: bytes | None, stdout: str = "") -> None:
        self.raw, self.stdout, self.asked = raw, stdout, []  # type: ignore[var-annotated]

    def deploy(self, folder: Path, name: str) -> str:
        return name

    def ask(self, words: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(words))
        if not self.stdout and words[0] != "rm":
            raise ToolError("root@board: connection lost")
        return subprocess.CompletedProcess(list(words), 0, self.stdout, "")

    def as_root(self, words: Sequence[str]) -> list[str]:
        return ["sudo", "-n", *words]

    def fetch(self, there: str, here: Path) -> None:
        if self.raw is None or not there.endswith(RAW):
            raise ToolError(f"{there}: not there")
        here.write_bytes(self.raw)


def told(**changes: Any) -> dict[str, Any]:
    """A result as the agent prints it."""
    energy = {
        "kind": "measured",
        "per_inference_j": {"net": spread(2e-4), "gross": spread(3e-4)},
        "power_w": {"idle": spread(1.5), "active": spread(2.0), "net": spread(0.5)},
    }
    latency = {"kind": "measured", "seconds_per_inference": spread(1e-4), "cycles_per_inference": 11.0}
    return {"schema": 2, "status": "ok", "reasons": [], "provenance": {"machine": "m"}, "started_unix": 5,
            "latency": latency, "energy": energy, "unreadable": [], "sources": [{"name": "s"}], **changes}  # fmt: skip


def spread(median: float) -> dict[str, float]:
    return {"median": median, "low": 0.9 * median, "high": 1.1 * median}
