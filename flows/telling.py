"""What Snakemake does, told by itself: a logger plugin that this process registers."""

from __future__ import annotations

import sys
from logging import LogRecord
from pathlib import Path
from typing import Any, ClassVar

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from toolchain.events import Event, emit

NAME = "gateweave"


class Telling(LogHandlerBase):
    """Keeps the jobs of a dry run; of a real run, tells the command line which stages there are and which are over."""

    jobs: ClassVar[dict[str, str]] = {}
    """The reason of every job that was told of, by its stage."""
    events: ClassVar[Path | None] = None
    """The file that the command line follows; None tells nobody."""
    _stages: ClassVar[dict[int, str]] = {}

    writes_to_stream = writes_to_file = needs_rulegraph = False
    has_filter = has_formatter = True

    def emit(self, record: LogRecord) -> None:
        """See `logging.Handler.emit`."""
        said: dict[str, Any] = vars(record)
        match said.get("event"):
            case LogEvent.RUN_INFO:
                self._tell(Event("plan", "", " ".join(name for name in said["stats"] if name != "total")))
            case LogEvent.JOB_INFO:
                self.jobs[said["rule_name"]] = said["reason"]
                self._stages[said["jobid"]] = said["rule_name"]
            case LogEvent.JOB_FINISHED:
                self._tell(Event("finished", self._stages.get(said["job_id"], "")))

    def _tell(self, event: Event) -> None:
        if self.events:
            emit(self.events, event)


LogHandler = Telling


def register(events: Path | None) -> None:
    """Let Snakemake know the plugin, and have it tell what happens in a file of events."""
    Telling.events = events
    LoggerPluginRegistry().register_plugin(f"snakemake_logger_plugin_{NAME}", sys.modules[__name__])
