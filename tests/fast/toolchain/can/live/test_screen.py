from __future__ import annotations

import io

from rich.console import Console

from tests.fast.toolchain.can.live.made import detector, network
from tests.fast.toolchain.can.live.test_live import TRAFFIC
from toolchain.can.live.alerts import Alert, Change
from toolchain.can.live.batch import NOWHERE, Batch, Origin
from toolchain.can.live.classify import IntegerClassifier
from toolchain.can.live.lag import LagReport
from toolchain.can.live.live import Live
from toolchain.can.live.screen import Screen, print_summary


def console(*, terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=140, force_terminal=terminal, color_system=None)


def printed(to: Console) -> str:
    assert isinstance(to.file, io.StringIO)
    return to.file.getvalue()


def alert(start: float, identifiers: int, origin: Origin = NOWHERE) -> Change:
    made = Alert(3, "fuzzing", start, start, origin=origin)
    for number in range(identifiers):
        made.add(start + number / 1000, 0x100 + number)
    return Change("closed", made.state)


def test_an_alert_is_a_line_with_time_identifier_and_attack() -> None:
    to = console()
    Screen(to).changed(alert(12.3456, 1))
    assert printed(to) == "    12.346 s  alert 3  fuzzing ended: 1 frames in 0.000 s, identifier 100\n"


def test_an_alert_that_ends_has_the_time_of_its_end() -> None:
    to = console()
    ended = alert(1.0, 1001)
    Screen(to).changed(Change("opened", ended.alert))
    Screen(to).changed(ended)
    begins, ends = printed(to).splitlines()
    assert begins.startswith("     1.000 s  alert 3  fuzzing begins")
    assert ends.startswith("     2.000 s  alert 3  fuzzing ended: 1,001 frames in 1.000 s")


def test_an_alert_says_on_which_bus_of_which_capture() -> None:
    to = console()
    for origin in (Origin("can1"), Origin("can1", "b.log"), Origin(None, "b.log")):
        Screen(to).changed(alert(0, 1, origin))
    said = [line.split("alert 3  ")[1].split(":")[0] for line in printed(to).splitlines()]
    assert said == ["fuzzing on can1 ended", "fuzzing on can1 of b.log ended", "fuzzing in b.log ended"]


def test_many_identifiers_are_counted_and_dates_are_dates() -> None:
    to = console()
    Screen(to).changed(alert(1478198376.389427, 50))
    said = printed(to)
    assert said.startswith("2016-11-03 18:39:36.438  alert 3")
    assert "50 identifiers, most often 100" in said


def test_growth_and_silence_say_nothing_but_loss_and_lag_do() -> None:
    to = console()
    screen = Screen(to)
    screen.changed(Change("grown", alert(0, 1).alert))
    assert not printed(to)
    screen.lost(1234)
    screen.lagged(LagReport("behind", 2.5, 9876))
    screen.lagged(LagReport("caught_up", 0.1, 0))
    lost, behind, caught = printed(to).splitlines()
    assert "1,234 frames" in lost
    assert "2.5 s" in behind
    assert "9,876" in behind
    assert "caught up" in caught


def test_a_terminal_sees_open_alerts_and_a_summary_with_accuracy() -> None:
    to = console(terminal=True)
    with Screen(to) as screen:
        live = Live(detector(), IntegerClassifier(network()), (screen,))
        live.run([Batch(TRAFFIC.slice(0, 30), labelled=True)])
        live.tracker.count = 7
        screen._rich.refresh()
    print_summary(live.summary(), to)
    said = printed(to)
    assert "7 alerts" in said
    assert "100.000 % right" in said
    assert "dos" in said


def test_accuracy_that_is_not_known_is_not_shown() -> None:
    to, live = console(), Live(detector(), IntegerClassifier(network()))
    live.run([Batch(TRAFFIC)])
    print_summary(live.summary(), to)
    assert "accuracy: not known" in printed(to)
    assert "%" not in printed(to)


def test_accuracy_is_not_denied_labels_where_nothing_was_judged() -> None:
    to, live = console(), Live(detector(), IntegerClassifier(network()))
    print_summary(live.summary(), to)
    assert "accuracy: not known, no frame was judged" in printed(to)
