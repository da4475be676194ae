"""What stages say of themselves, and Snakemake of them: a JSON object a line in a file that the command line follows.

A file, so that it works alike for stages on this machine and on a cluster with a shared file system.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["plan", "start", "progress", "done", "error", "finished"]
"""`plan` and `finished` are Snakemake's own: the stages that it will start, in `text`, and one that is over."""


@dataclass(frozen=True)
class Event:
    """One remark of a stage.

    Attributes:
        text: progress so far, the result in a few words, or the error.
        seconds: wall-clock time of a finished stage.
        share: of what the stage is at, how much is done, 0 to 1; None: nobody knows its end.
    """

    kind: Kind
    stage: str
    text: str = ""
    seconds: float | None = None
    share: float | None = None


def emit(path: Path, event: Event) -> None:
    """Append an event; concurrent writers do not tear each other's lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(event)) + "\n")


class Follower:
    """Reads what is new in an event file, however often it is asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Event]:
        """Events since the last call; a line still being written is left for the next one."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            fresh = stream.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [Event(**json.loads(line)) for line in whole.splitlines()]
