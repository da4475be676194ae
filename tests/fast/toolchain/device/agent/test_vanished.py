"""Sensors that could be read when a measurement began, and later no more."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fast.toolchain.measure.bench import wire
from toolchain.device.agent.analyse import analyse
from toolchain.device.agent.conditions import Conditions
from toolchain.device.agent.plan import Plan, Settings
from toolchain.device.agent.recording import COMPLETE, Header, Recording, Repeat
from toolchain.device.agent.sampler import BACK, NONSENSE, VANISHED, Event, Series
from toolchain.device.agent.source import INPUT, MEASURED, POWER, RAIL, Lost, Traits
from toolchain.device.agent.workload import Work
from toolchain.results.whole import must_be_whole

AT = Conditions({}, {}, [], 0)


def measured(gone_at: float | None, *events: tuple[float, str], rail: bool = False) -> dict[str, Any]:
    """The result of five repeats of 30 s, in which the input (or the rail beside it) is read until that time."""
    traits = [
        Traits(name, name, scope, MEASURED, POWER, 0.1, 0.001, name, in_total=scope == INPUT)
        for name, scope in (("ina226", INPUT), ("irps5401", RAIL))
    ]
    series = [Series(), Series()]
    for step in range(1501):
        for index in (0, 1):
            if gone_at is None or index != rail or step / 10 < gone_at:
                series[index].add(step / 10, 1 + (10 <= step / 10 % 30 <= 20) + step % 7 / 1000)
    repeats = [Repeat((t, t + 10), Work(100, t + 10, t + 20), (t + 20, t + 29.9), [AT, AT]) for t in range(0, 150, 30)]
    listed = [Event(event, time, int(rail), "gone") for time, event in events]
    settings = Settings(least_window_s=5.0, draws=50)
    header = Header(unreadable=[Lost("x", RAIL, "y")])
    plan = Plan(0.1, 10.0, 0.2, 0.1)
    recording = Recording(header, traits, settings, series, listed, [None, None], plan, repeats, [], COMPLETE)
    return wire(analyse(recording))


def test_what_vanishes_for_good_is_named_and_there_is_no_figure() -> None:
    result = measured(50.0, (50.0, VANISHED))
    lost = result["unreadable"][1]
    assert (lost["name"], lost["needed"], lost["why"]) == ("ina226", True, "vanished on the way: gone")
    assert result["status"] == "rejected"
    assert "no figure of the whole: ina226 cannot be read: vanished on the way: gone" in result["reasons"]
    must_be_whole(result)


def test_a_rail_beside_the_figure_that_vanishes_is_named() -> None:
    result = measured(50.0, (50.0, VANISHED), rail=True)
    assert result["status"] == "ok", result["reasons"]
    assert [(one["name"], one["needed"]) for one in result["unreadable"]] == [("x", False), ("irps5401", False)]
    must_be_whole(result)


@pytest.mark.parametrize(("events", "lost"), [([(3.0, VANISHED), (4.0, BACK)], []), ([(3.0, NONSENSE)], [])])
def test_what_comes_back_is_not_lost(events: list[tuple[float, str]], lost: list[str]) -> None:
    assert [one["name"] for one in measured(None, *events)["unreadable"]] == ["x", *lost]


def test_nothing_but_nonsense_is_named() -> None:
    result = measured(0.0, (1.0, NONSENSE))
    assert result["unreadable"][1]["why"] == "answers nothing but nonsense, such as gone"
    assert result["unreadable"][1]["needed"] and result["energy"] is None
