"""FINN's exceptions as ours: the step, the node with its type, what FINN said, and the mend."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from onnx import NodeProto

from toolchain.errors import GateweaveError, ModelError
from toolchain.progress import Progress

OTHER_FLOW = "FLOW=dataflow can take it"
_LONGEST = 200


@contextlib.contextmanager
def step(
    title: str,
    log: Path,
    progress: Progress,
    *,
    kind: type[GateweaveError] = ModelError,
    mend: str = OTHER_FLOW,
) -> Iterator[None]:
    """One step of FINN: says that it begins, and turns what it raises into one line.

    Args:
        title: the step, as a noun ("streamlining").
        log: takes the traceback.

    Raises:
        GateweaveError: of type `kind`, where the step raised anything that is not already a GateweaveError.
    """
    progress(title)
    try:
        yield
    except (GateweaveError, MemoryError):
        raise
    except Exception as error:
        with log.open("a", encoding="utf-8") as stream:
            traceback.print_exception(error, file=stream)
        raise kind(f"FINN, {title}: {_place(error.__traceback__)}{reason(error)}; {mend} (log: {log})") from error


def reason(error: BaseException) -> str:
    """What an exception says, in one line."""
    words = " ".join(str(error).split()) or "no reason given"
    words = words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."
    return f"{type(error).__name__}: {words}"


def _place(trace: TracebackType | None) -> str:
    """The innermost graph node that a traceback's frames were at work on, if any: ``node MVAU_0 (MVAU): ``."""
    found = ""
    while trace is not None:
        for name in ("node", "n", "onnx_node", "self"):
            value = trace.tb_frame.f_locals.get(name)
            value = getattr(value, "onnx_node", value)
            if isinstance(value, NodeProto):
                found = f"node {value.name} ({value.op_type}): "
                break
        trace = trace.tb_next
    return found
