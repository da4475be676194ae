"""Raspberry Pi 5: currents and voltages of its power chip, which only the firmware's command shows."""

from __future__ import annotations

import re
from pathlib import Path

from .source import (
    MEASURED,
    POWER,
    RAIL,
    Lost,
    NonsenseError,
    Run,
    SensorError,
    Source,
    Traits,
    product,
    read_text,
)

_WORDS = ("vcgencmd", "pmic_read_adc")
_NAME = "vcgencmd:pmic"
_LINE = re.compile(r"(\S+)_([AV])\s+(?:current|volt)\(\d+\)=(\S*)")
_FAILED = "vcgencmd: failed; the user should be in group video"


def vcgencmd_sources(run: Run, root: Path = Path("/")) -> list[Source | Lost]:
    """The sum of all rails that have both current and voltage; nothing on a board without this power chip."""
    text = run(_WORDS)
    if text is None:
        return [Lost(_NAME, RAIL, _FAILED)] if _is_pi_5(root) else []
    try:
        rails = sorted(rails_of(text))
    except NonsenseError as error:
        return [Lost(_NAME, RAIL, str(error))]
    if not rails:
        return []
    scope = f"{len(rails)} rails behind the power chip, without its losses and what USB draws"
    traits = Traits(_NAME, scope, RAIL, MEASURED, POWER, 0.1, 0.01, " ".join(_WORDS))
    return [Source(traits, lambda: _sum(run, rails))]


def rails_of(text: str) -> dict[str, float]:
    """W of every rail that has a current, by name.

    Raises:
        NonsenseError: a figure is no number or cannot be, or a rail has a current and no voltage.
    """
    sides: dict[str, dict[str, float]] = {"A": {}, "V": {}}
    for rail, side, figure in _LINE.findall(text):
        try:
            sides[side][rail] = float(figure[:-1] if figure.endswith(side) else "no unit")
        except ValueError:
            raise NonsenseError(f"{rail}_{side}={figure[:32]}") from None
    for rail in sides["A"]:
        if rail not in sides["V"]:
            raise NonsenseError(f"{rail}: has a current and no voltage")
    return {rail: product(sides["V"][rail], ampere) for rail, ampere in sides["A"].items()}


def _is_pi_5(root: Path) -> bool:
    model = read_text(root / "proc/device-tree/model") or ""
    return re.match(r"Raspberry Pi (Compute Module )?5", model) is not None


def _sum(run: Run, expected: list[str]) -> float:
    text = run(_WORDS)
    if text is None:
        raise SensorError(_FAILED)
    rails = rails_of(text)
    if sorted(rails) != expected:
        changed = ", ".join(sorted(set(rails) ^ set(expected))[:4])
        raise NonsenseError(f"other rails than before: {changed}")
    return sum(rails.values())
