"""A board's own counters held against what was sent to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

from toolchain.device.link.answers import Counters
from toolchain.results.run import Counted, Traffic

_MODULO = 1 << 32
_TROUBLE = ("refused", "silent", "strays", "damaged", "skipped", "breaks")
_EVENTS = ("damaged", "refused", "bus_errors")


class Counting(Protocol):
    """A board that counts."""

    def counters(self) -> Counters:
        """Events since configuration."""


@dataclass(frozen=True)
class Mark:
    """What the board had counted, and this computer sent, at one moment; `traffic` is None where nobody counts it."""

    counters: Counters
    traffic: Traffic | None


def mark(board: Counting) -> Mark:
    """The counters now; the request for them is the last that is counted."""
    counters = board.counters()
    return Mark(counters, traffic_of(board))


def traffic_of(board: Any) -> Traffic | None:
    """What became of every request, where the driver counts that."""
    traffic = getattr(board, "traffic", None)
    return None if traffic is None else Traffic(**asdict(traffic))


def compare(before: Mark, after: Mark, asked: int, largest: int) -> Counted:
    """What the board counted between two marks beside what was asked of it.

    On a line without trouble the two are equal. On a bad one a request may have been served twice, and a board may have
    been configured anew: what cannot be is then told and no fault.

    Args:
        asked: inferences that were answered.
        largest: most inferences of one request.

    Returns:
        Both sides, `faults` that a run must not have, and `notes` that stand beside its figures.
    """
    counted = _during(before.counters.inferences, after.counters.inferences)
    sent = _sent(before.traffic, after.traffic)
    clean = not any(sent.get(name) for name in _TROUBLE)
    requests = _during(before.counters.requests, after.counters.requests) if sent else None
    said = _inferences(counted, asked, asked + (0 if clean else sent["sent"] - sent["answered"]) * largest)
    said += [] if requests is None else _requests(requests, sent["answered"], sent["sent"])
    events = {name: _during(getattr(before.counters, name), getattr(after.counters, name)) for name in _EVENTS}
    return Counted(
        inferences=counted,
        asked=asked,
        requests=requests,
        sent=sent.get("sent"),
        **events,
        faults=tuple(said if clean else ()),
        notes=tuple(_unseen(events) if clean else said),
    )


def _sent(before: Traffic | None, after: Traffic | None) -> dict[str, int]:
    """What became of the requests between two marks; empty where nobody counts it."""
    if before is None or after is None:
        return {}
    counts = ("sent", "answered", *_TROUBLE)
    return {name: getattr(after, name) - getattr(before, name) for name in counts}


def _inferences(counted: int | None, least: int, most: int) -> list[str]:
    if counted is None or least <= counted <= most:
        return []
    should = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return [f"inferences: the board counted {counted:,}, {should} were asked for; {_WHY}"]


def _requests(counted: int, answered: int, sent: int) -> list[str]:
    if answered <= counted <= sent:
        return []
    return [f"requests: the board counted {counted:,}, {sent:,} were sent and {answered:,} answered; {_WHY}"]


_WHY = "is another program at it, or was the board configured anew?"


def _unseen(events: dict[str, int | None]) -> list[str]:
    return [f"{name}: the board counted {count:,}, this computer saw none" for name, count in events.items() if count]


def _during(before: int | None, after: int | None) -> int | None:
    return None if before is None or after is None else (after - before) % _MODULO
