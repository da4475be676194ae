"""What a result must be before it is kept or shown: whole, and its figures such that a machine can have them."""

from __future__ import annotations

from typing import Any, get_args

from toolchain.device.agent.analyse import OK, UNAVAILABLE
from toolchain.device.agent.source import MOST_WATT
from toolchain.results.measurement import Kind, Measurement, Status
from toolchain.told import Told, ToldError

_STATUSES, _KINDS = get_args(Status), get_args(Kind)
_LEAST_SECONDS, _MOST_SECONDS = 1e-12, 86400.0
_MOST_CYCLES = float(1 << 48)
_YEAR_9999 = 253402300799
_WIDEST = 100


def must_be_whole(value: Any) -> None:
    """Refuse what is no result of the agent, or holds a figure that cannot be.

    Raises:
        ToldError: names the key and its value.
    """
    told = Told(value)
    told.whole("schema", Measurement.VERSION, Measurement.VERSION)
    told.text("status", _STATUSES)
    told.texts("reasons")
    told.part("provenance")
    told.must_hold("latency", "energy")
    if "started_unix" in told.value:
        told.number("started_unix", 0, _YEAR_9999)
    _must_be_times(told)
    _must_be_powers(told)
    _must_be_sensors(told)


def is_whole(value: Any) -> bool:
    """Whether `must_be_whole` lets it pass."""
    try:
        must_be_whole(value)
    except ToldError:
        return False
    return True


def _must_be_times(told: Told) -> None:
    latency = told.optional("latency")
    if latency is None:
        return
    latency.text("kind", _KINDS)
    _must_be_spread(latency.part("seconds_per_inference"), _LEAST_SECONDS, _MOST_SECONDS)
    if latency.value.get("cycles_per_inference") is not None:
        latency.number("cycles_per_inference", 0, _MOST_CYCLES)


def _must_be_powers(told: Told) -> None:
    energy = told.optional("energy")
    if energy is None:
        return
    if energy.text("kind", _KINDS) == UNAVAILABLE:
        energy.refuse("kind", "where there is an energy")
    sensors = max(1, len(told.parts("sources"))) if "sources" in told.value else 1
    most = MOST_WATT * sensors
    for name in ("idle", "active", "net"):
        # A little below 0 is an offset; more is a meter the wrong way round.
        _must_be_spread(energy.part("power_w").part(name), -most if name == "net" else -sensors, most)
    for name in ("net", "gross"):
        _must_be_spread(energy.part("per_inference_j").part(name), -most * _MOST_SECONDS, most * _MOST_SECONDS)


def _must_be_spread(told: Told, least: float, most: float) -> None:
    """A median within its bounds; the interval of a noisy one may reach beyond them."""
    median = told.number("median", least, most)
    low, high = (told.number(side, -_WIDEST * most, _WIDEST * most) for side in ("low", "high"))
    if not low <= median <= high:
        told.refuse("median", f"should lie within {low:g} to {high:g}")


def _must_be_sensors(told: Told) -> None:
    lost = told.parts("unreadable") if told.value.get("unreadable") is not None else []
    for one in lost:
        one.text("name")
        one.text("why")
        if not isinstance(one.value.get("needed"), bool):
            one.refuse("needed", "should be true or false")
        if one.value["needed"] and told.value["energy"] is not None and told.value["status"] == OK:
            one.refuse("name", "is missing in the figure, which is given all the same")
    for one in told.parts("sources") if "sources" in told.value else []:
        one.text("name")
    raw = told.optional("raw")
    if raw is not None and "unsaved_lines" in raw.value:
        raw.texts("unsaved_lines")
