"""The port of a board that is simulated or emulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Virtual:
    """A running virtual board, or emulated program: its port; and when it has ended, what happened on the line."""

    port: str
    done: Mapping[str, int] = field(default_factory=dict)
