"""package: the hand-off or the bitstream with all that belongs to it, and only if every rung held."""

from __future__ import annotations

from flows.stages.context import Context, Outcome
from flows.stages.vivado import package


def run(context: Context) -> Outcome:
    """Write the package and its `manifest.json`."""
    return package(context)
