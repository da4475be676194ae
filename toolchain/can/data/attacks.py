"""The classes of a CAN frame, and how a capture's name tells which attack it holds."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

# Canonical order: the outputs of a network follow it, restricted to the classes its data holds.
CLASSES = (
    "normal",
    "dos",
    "fuzzing",
    "gear",
    "rpm",
    "payload_fuzzing",
    "replay",
    "sequence_replay",
)
NORMAL = 0

# The first pattern that matches wins, so the longer names stand before the words they contain.
# They see one path component in lower case without digits and punctuation.
_PATTERNS = (
    (re.compile(r"sequence.*replay|replay.*sequence"), "sequence_replay"),
    (re.compile(r"replay"), "replay"),
    (re.compile(r"payload.*fuzz|fuzz.*payload"), "payload_fuzzing"),
    (re.compile(r"fuzz"), "fuzzing"),
    (re.compile(r"denialofservice|flooding|(^|\s)dos"), "dos"),
    (re.compile(r"(^|\s)gear"), "gear"),
    (re.compile(r"(^|\s)rpm"), "rpm"),
    (re.compile(r"normal|clean|benign|attackfree|freeofattack"), "normal"),
)

MEND = "name the file or its folder after the attack: " + ", ".join(CLASSES[1:])


def class_index(name: str) -> int:
    """Index of a class in `CLASSES`; ValueError where it is none of them."""
    return CLASSES.index(name)


def class_from_name(name: str) -> str | None:
    """Class that a capture's relative path names; the file name counts before its folders.

    Args:
        name: path relative to the data folder, ``/`` between components, ``!`` before a zip member.
    """
    parts = PurePosixPath(name.replace("!", "/")).parts
    return next((found for part in reversed(parts) if (found := _class_of(part))), None)


def _class_of(component: str) -> str | None:
    words = re.sub(r"[^a-z]+", " ", component.lower()).strip()
    joined = words.replace(" ", "")
    return next((c for p, c in _PATTERNS if p.search(words) or p.search(joined)), None)
