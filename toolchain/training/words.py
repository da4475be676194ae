"""What a model's rows and data are called, in summaries, on its card and in reports."""

from __future__ import annotations

from dataclasses import dataclass

_ROWS = ("images", "recordings", "windows")
"""Kinds of data that say what a row is."""


@dataclass(frozen=True)
class Words:
    """The words of one model; each is told by the data where the model says nothing.

    Attributes:
        rows: what the rows of its data are, in the plural: windows, images, records.
        synthetic: what its synthetic data come from, such as "a simulated car".
        made_up: what the badge "synthetic" means.
        limits: sentences of the card, on where the network ends.
        synthetic_limits: more of them, where it has seen synthetic data only.
    """

    rows: str = ""
    synthetic: str = ""
    made_up: str = "made-up data"
    limits: tuple[str, ...] = ()
    synthetic_limits: tuple[str, ...] = ()

    def rows_of(self, kind: str) -> str:
        """What the rows of data of a kind are called: as the model says, else by the kind where that is one of rows."""
        return self.rows or (kind if kind in _ROWS else "rows")
