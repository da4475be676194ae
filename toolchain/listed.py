"""Lists in messages: a line that a person reads names a few values, however many there are."""

from __future__ import annotations

from collections.abc import Iterable


def some(values: Iterable[object], most: int = 4) -> str:
    """All values where they are few, else the first, the last, and how many there are.

    Args:
        most: so many are shown, 2 or more.
    """
    shown = [str(value) for value in values]
    if len(shown) <= most:
        return ", ".join(shown)
    return f"{', '.join(shown[: most - 1])}, ... {shown[-1]}; {len(shown):,} in all"
