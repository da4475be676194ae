"""Values from JSON that may be absent or malformed, and how they are written for people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolchain.report.page.reading import MOST

_PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
# Keeps a number and its unit on one line.
_GAP = "\N{NO-BREAK SPACE}"
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Figure:
    """One figure as the page shows it.

    Attributes:
        text: with its unit.
        kind: where it comes from, which becomes its badge; None where there is no figure.
        note: what else there is to say, such as an interval.
    """

    text: str
    kind: str | None
    note: str = ""


ABSENT = Figure(NOT_MEASURED, None)


def dig(value: Any, *keys: str | int) -> Any:
    """What lies under a path of keys and indices, or None where the path ends early."""
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def number(value: Any, *keys: str | int) -> float | None:
    """A number under a path of keys, or None where there is none or it is no figure."""
    found = dig(value, *keys)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return found if is_number and -MOST <= found <= MOST else None


def numbers(value: Any, *keys: str | int) -> list[float]:
    """A list of finite numbers under a path of keys; empty where one of them is not."""
    found = dig(value, *keys)
    if not isinstance(found, list):
        return []
    read = [number(item) for item in found]
    return [item for item in read if item is not None] if None not in read else []


def text(value: Any, *keys: str | int) -> str:
    """A text under a path of keys, or an empty one."""
    found = dig(value, *keys)
    return found if isinstance(found, str) else ""


def mapping(value: Any, *keys: str | int) -> Mapping[str, Any]:
    """An object under a path of keys, or an empty one."""
    found = dig(value, *keys)
    return found if isinstance(found, Mapping) else {}


def objects(value: Any, *keys: str | int) -> list[Mapping[str, Any]]:
    """The objects of a list under a path of keys."""
    found = dig(value, *keys)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, Sequence) else []


def texts(value: Any, *keys: str | int) -> list[str]:
    """The texts of a list under a path of keys."""
    found = dig(value, *keys)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def count(value: float | None) -> str:
    """A count with its thousands parted, or a dash."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def percent(value: float | None, digits: int = 2) -> str:
    """A share between 0 and 1 in per cent; never rounded up to 100."""
    if value is None:
        return "-"
    shown = f"{100 * value:.{digits}f}"
    if value < 1 and float(shown) == 100:
        shown = f"{100 - 10**-digits:.{digits}f}"
    return f"{shown} %"


def quantity(value: float | None, unit: str) -> str:
    """Three significant digits with the unit's prefix: 0.00023 J is "230 µJ"."""
    if value is None:
        return "-"
    if not value:
        return f"0{_GAP}{unit}"
    # Rounded first, so that 999.9 becomes 1.00 k and not 1000.
    power = math.floor(math.log10(abs(float(f"{value:.2e}"))))
    exponent = min(9, max(-12, 3 * (power // 3)))
    digits = min(9, max(0, 2 - (power - exponent)))
    return f"{value / 10**exponent:,.{digits}f}{_GAP}{_PREFIXES[exponent]}{unit}"


def rate(per_second: float) -> str:
    """Inferences a second: written out up to a million, where digits are still worth reading."""
    return f"{per_second:,.0f}/s" if 10 <= per_second < 1e6 else f"{quantity(per_second, '').strip()}/s"


def interval(value: Any, unit: str, kind: str | None) -> Figure:
    """A figure from {"median", "low", "high"}, with the interval as its note."""
    median, low, high = (number(value, key) for key in ("median", "low", "high"))
    if median is None:
        return ABSENT
    note = f"{quantity(low, unit)} to {quantity(high, unit)}" if low is not None and high is not None else ""
    return Figure(quantity(median, unit), kind, note)
