"""Raspberry Pi 5: currents and voltages of its power chip, which only the firmware's command shows."""

from __future__ import annotations

import re

from .source import MEASURED, POWER, RAIL, NonsenseError, Run, SensorError, Source, Traits

_WORDS = ("vcgencmd", "pmic_read_adc")
_LINE = re.compile(r"(\S+)_([AV])\s+(?:current|volt)\(\d+\)=(-?[\d.]+)[AV]")


def vcgencmd_sources(run: Run) -> list[Source]:
    """The sum of all rails that have both current and voltage; none where the command shows none."""
    try:
        rails = sorted(rails_of(run(_WORDS) or ""))
    except NonsenseError:
        rails = []
    if not rails:
        return []
    scope = f"{len(rails)} rails behind the power chip, without its losses and what USB draws"
    traits = Traits("vcgencmd:pmic", scope, RAIL, MEASURED, POWER, 0.1, 0.01, " ".join(_WORDS))
    return [Source(traits, lambda: _sum(run))]


def rails_of(text: str) -> dict[str, float]:
    """W of every rail that has both current and voltage, by name.

    Raises:
        NonsenseError: a figure is no number.
    """
    sides: dict[str, dict[str, float]] = {"A": {}, "V": {}}
    for rail, side, figure in _LINE.findall(text):
        try:
            sides[side][rail] = float(figure)
        except ValueError:
            raise NonsenseError(f"{rail}_{side}={figure}") from None
    return {rail: ampere * sides["V"][rail] for rail, ampere in sides["A"].items() if rail in sides["V"]}


def _sum(run: Run) -> float:
    text = run(_WORDS)
    if text is None:
        raise SensorError("vcgencmd: failed; the user should be in group video")
    rails = rails_of(text)
    if not rails:
        raise NonsenseError(repr(text[:32]))
    return sum(rails.values())
