"""What a session of ONNX Runtime is opened with so that the answers hold: proved with it, shipped with the graph."""

from __future__ import annotations

from typing import Literal, TypedDict

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass


class OptionWords(TypedDict):
    """The same as device.json has it."""

    level: str
    disabled: list[str]
    entries: list[str]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class RunOptions:
    """Options of a session.

    Attributes:
        level: graph optimisations.
        disabled: optimiser passes by ONNX Runtime's names.
        entries: of the session's configuration, each as KEY=VALUE.
    """

    level: Literal["all", "extended", "basic", "none"] = "all"
    disabled: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()

    def to_json(self) -> OptionWords:
        """As device.json has it."""
        return {"level": self.level, "disabled": list(self.disabled), "entries": list(self.entries)}
