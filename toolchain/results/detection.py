"""What live detection tells: alerts and the summary of a run, as `gateweave ids` shows them and its log keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from toolchain.results.model import Record

AnswerKind = Literal["measured", "simulated"]
"""Of answers and speed: of what runs here or on a board, or of a simulated board."""


class AlertState(Record):
    """An attack, as far as it has come. Times in seconds, of the frames' own clock.

    Attributes:
        bus, capture: where its frames come from; None where there is one only.
        identifiers: the most frequent ones, hexadecimal, with their frames.
        distinct_identifiers: how many are counted; frames of further ones are `frames_of_uncounted_identifiers`.
    """

    alert: int
    attack: str
    bus: str | None
    capture: str | None
    start: float
    last: float
    frames: int
    identifiers: Mapping[str, int]
    distinct_identifiers: int
    frames_of_uncounted_identifiers: int


class DetectedClass(Record):
    """Frames of one true class: shares of them that got it, and any attack; whether the network was trained on it."""

    frames: int
    right: float
    called_attack: float | None
    trained_on: bool


class DetectionAccuracy(Record):
    """Shares of the frames whose truth is known.

    Attributes:
        right: the very class; detected: of attacks, any attack; false_alarms: normal frames called an attack.
        classes: by true class. An attack that the network was not trained on can only be detected.
    """

    frames: int
    right: float
    detected: float | None
    false_alarms: float | None
    classes: Mapping[str, DetectedClass]


class DetectionCounts(Record):
    """Counts of a run; `accuracy` is None where no truth was known.

    Attributes:
        frames: taken from the source.
        judged: that ended a full window.
        lost: that never reached the network.
        predicted: frames by the class that the network gave.
    """

    frames: int
    judged: int
    lost: int
    predicted: Mapping[str, int]
    accuracy: DetectionAccuracy | None


class DetectionSummary(DetectionCounts):
    """What a run came to.

    Attributes:
        rate: frames by busy seconds, of the same `kind` as the accuracy; None where nothing was judged.
        trained_on: the data of the network.
        notices: what a person should know of the frames.
    """

    alerts: int
    seconds: float
    busy_seconds: float
    rate: float | None
    kind: AnswerKind
    worst_lag_seconds: float
    trained_on: str
    notices: tuple[str, ...] = ()
