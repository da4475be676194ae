"""What a model's rows and data are called, in summaries, on its card and in reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The words of one model; each stands for itself where the model says nothing.

    Attributes:
        rows: what the rows of its data are, in the plural: windows, images, records.
        synthetic: what its synthetic data come from, such as "a simulated car".
        made_up: what the badge "synthetic" means.
        limits: sentences of the card, on where the network ends.
        synthetic_limits: more of them, where it has seen synthetic data only.
    """

    rows: str = "rows"
    synthetic: str = ""
    made_up: str = "made-up data"
    limits: tuple[str, ...] = ()
    synthetic_limits: tuple[str, ...] = ()
