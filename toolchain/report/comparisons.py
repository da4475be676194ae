"""What was compared on the way, in words: outputs, labels or layers; on which vectors; how many were equal.

Checks come as plain JSON, as manifests and records hold them. Those of older builds do not say what was compared, and
a report page reads whatever lies there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Json = Mapping[str, Any]

_WHAT = {
    "outputs": "every output",
    "labels": "labels",
    "layers": "every element of every layer",
    "replies": "replies",
}
_UNSAID = "results"
_VECTORS = {"test set": "test set", "calibration": "calibration data", "random": "random vectors"}


class Compared(NamedTuple):
    """Comparisons of one kind together.

    Attributes:
        what, vectors: in words; `vectors` is empty where there were none, or where an older build does not say.
        compared, equal: vectors, or replies.
    """

    what: str
    vectors: str
    compared: int
    equal: int


def compared(checks: Iterable[Json]) -> list[Compared]:
    """Sums of checks by what was compared on which vectors, in the order in which they come up."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for check in checks:
        key = _what(check), words_of(str(check.get("vectors")))
        total, equal = sums.get(key, (0, 0))
        sums[key] = total + _count(check, "compared"), equal + _count(check, "equal")
    return [Compared(*key, *counts) for key, counts in sums.items()]


def sentence(checks: Iterable[Json]) -> str:
    """All of it in one line, such as ``every output 93,680, labels 64 (test set): all equal``."""
    parts: dict[str, list[str]] = {}
    groups = compared(checks)
    for group in groups:
        parts.setdefault(group.vectors, []).append(_in_words(group))
    lists = [", ".join(words) + (f" ({vectors})" if vectors else "") for vectors, words in parts.items()]
    return ("; ".join(lists) or "nothing") + _verdict(groups)


def _verdict(groups: Sequence[Compared]) -> str:
    if not groups or any(group.equal != group.compared for group in groups):
        return ""
    return ": none differs by more" if any(" within " in group.what for group in groups) else ": all equal"


def lines(checks: Iterable[Json]) -> list[str]:
    """One line for each kind, such as ``labels 64 (test set)``."""
    return [_in_words(group) + (f" ({group.vectors})" if group.vectors else "") for group in compared(checks)]


def _in_words(group: Compared) -> str:
    """Such as ``labels 2,000``, or ``labels 1,999 equal of 2,000``."""
    differ = "" if group.equal == group.compared else f"{group.equal:,} equal of "
    return f"{group.what} {differ}{group.compared:,}"


def words_of(vectors: str) -> str:
    """Which vectors, such as ``random vectors``; empty where a build does not say."""
    return _VECTORS.get(vectors, "")


def counted(count: int, vectors: str) -> str:
    """Such as ``1,000 random vectors``, or ``300 vectors of the test set``."""
    words = words_of(vectors)
    return f"{count:,} {words}" if vectors == "random" else f"{count:,} vectors of the {words}"


def what_and_where(check: Json) -> str:
    """Such as ``labels, random vectors``."""
    allowed = _count(check, "allowed")
    words = [_what(check), words_of(str(check.get("vectors"))), f"{allowed:,} may differ" if allowed else ""]
    return ", ".join(word for word in words if word)


def told(check: Json) -> str:
    """Such as ``1,000 of 1,000 equal (labels, random vectors)``; what is only near is not called equal."""
    equal = "" if check.get("tolerance") else " equal"
    what = what_and_where({**check, "allowed": 0})
    return f"{_count(check, 'equal'):,} of {_count(check, 'compared'):,}{equal} ({what})"


def is_kept(check: Json) -> bool:
    """Whether something was compared and no more differed than may."""
    total, equal = _count(check, "compared"), _count(check, "equal")
    return total > 0 and total - equal <= _count(check, "allowed")


def _what(check: Json) -> str:
    what, tolerance = _WHAT.get(str(check.get("what")), _UNSAID), check.get("tolerance")
    return f"{what} within {tolerance:.3g}" if isinstance(tolerance, float) and tolerance else what


def _count(check: Json, key: str) -> int:
    value = check.get(key)
    return value if isinstance(value, int) else 0
