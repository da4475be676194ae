"""What went wrong in Vivado: the first real error of its logs, as one line that says what to do.

The wording of the messages is Vivado's own (2022.2 to 2025.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from toolchain.errors import FitError, GateweaveError, ToolError

SCRIPT = "Gateweave 1-1"
"""Identifier of the errors that our own scripts raise; their message is complete as it is."""

# Errors that only say that there was an error before.
_CONSEQUENCES = (
    "[Common 17-39]",
    "[Common 17-70]",
    "[Common 17-69] Command failed: Synthesis failed",
    "[Common 17-69] Command failed: Run",
    "[Vivado 12-13638]",
    "[Vivado_Tcl 4-23]",
    "[Vivado_Tcl 4-78]",
    "[BD 5-4]",
    "[Synth 8-6156]",
    "[Synth 8-285]",
    "[Runs 36-",
    "Gateweave 1-2",
)
_ERROR = re.compile(r"^ERROR: (?:\[(?P<id>[^\]]+)\] )?(?P<text>.*)$")
_SMALLER = "ask for a lower FPS, choose the other FLOW or STRATEGY, or a larger board"


@dataclass(frozen=True)
class _Fault:
    """One kind of fault: what its line looks like, and the error it becomes."""

    pattern: re.Pattern[str]
    error: Callable[[re.Match[str]], GateweaveError]


def _licence(found: re.Match[str]) -> GateweaveError:
    return ToolError(
        f"Vivado has no licence for {found.group(1)} of {found.group(2)}; the free edition leaves out larger devices: "
        "install a licence with Vivado's License Manager (or set XILINXD_LICENSE_FILE to your server), "
        "or choose a board whose device needs none"
    )


def _no_part(found: re.Match[str]) -> GateweaveError:
    return ToolError(
        f"this Vivado does not have the part {found.group(1) or 'of the board'}; "
        "add its device family with Vivado's installer (Help > Add Design Tools or Devices)"
    )


def _no_board_files(found: re.Match[str]) -> GateweaveError:
    return ToolError(
        f"the board files of {found.group(1)} are not installed in this Vivado; "
        "install them in its board store (Tools > Vivado Store > Boards)"
    )


def _too_large(found: re.Match[str]) -> GateweaveError:
    needed, available = int(found.group(2)), int(found.group(3))
    return FitError(
        f"the design does not fit the device: {needed:,} {found.group(1)} needed, {available:,} available; {_SMALLER}"
    )


def _no_room(found: re.Match[str]) -> GateweaveError:
    return FitError(f"Vivado finds no room to place the design: {found.group(1).strip()}; {_SMALLER}")


def _no_rom(found: re.Match[str]) -> GateweaveError:
    return ToolError(f"Vivado cannot read the memory file {found.group(1)}, so the design would hold wrong weights")


def _killed(found: re.Match[str] | None = None) -> GateweaveError:
    return ToolError(
        "Vivado was killed half way, most likely for lack of memory; "
        "free memory (or use fewer JOBS), then run the same command again"
    )


def _crashed(found: re.Match[str]) -> GateweaveError:
    return ToolError(
        f"Vivado crashed ({found.group(0).strip()}); run the same command again, and if it crashes again try another "
        "supported version"
    )


def _own(found: re.Match[str]) -> GateweaveError:
    return ToolError(found.group(1))


def _fault(pattern: str, error: Callable[[re.Match[str]], GateweaveError]) -> _Fault:
    return _Fault(re.compile(pattern), error)


_FAULTS = (
    _fault(rf"^ERROR: \[{SCRIPT}\] (.*)", _own),
    _fault(r"^ERROR: \[Common 17-345\].*feature '([^']*)' and/or device '([^']*)'", _licence),
    _fault(r"\[Device 21-436\] No parts matched '([^']*)'", _no_part),
    _fault(r"\[Coretcl 2-106\]()", _no_part),
    _fault(r"^ERROR: .*\bPart '([^']*)' (?:not found|is not installed)", _no_part),
    _fault(r"\[Board 49-71\].*not found for (\S+?)\.? ", _no_board_files),
    _fault(
        r"^ERROR: \[.*requires more (.+?) cells than are available.*requires (\d+) of such cell types but only (\d+)",
        _too_large,
    ),
    _fault(r"^ERROR: \[Place 30-(?:487|484|99|415|58)\] (.*)", _no_room),
    _fault(r"\[Synth 8-(?:4445|2898)\].*data file '([^']*)'", _no_rom),
    _fault(r'\bKilled\s+"\$RDI_PROG"', _killed),
    _fault(r"^Abnormal program termination \(\d+\)", _crashed),
    _fault(r"^# An unexpected error has occurred \(\d+\)", _crashed),
)


def first_fault(lines: Iterable[str]) -> GateweaveError | None:
    """The error that the first real fault in a log becomes; None if the log names none."""
    before = ""
    for line in lines:
        error = _known(line) or _unknown(line) or _tcl(line, before)
        if error is not None:
            return error
        before = line.strip() or before
    return None


def _known(line: str) -> GateweaveError | None:
    for fault in _FAULTS:
        found = fault.pattern.search(line)
        if found is not None:
            return fault.error(found)
    return None


def _unknown(line: str) -> GateweaveError | None:
    found = _ERROR.match(line)
    if found is None or any(text in line for text in _CONSEQUENCES):
        return None
    number = f" [{found.group('id')}]" if found.group("id") else ""
    return ToolError(f"Vivado failed:{number} {found.group('text').strip()}")


def _tcl(line: str, before: str) -> GateweaveError | None:
    """A fault of the Tcl interpreter itself, such as a misspelt command, stands before its stack."""
    if line.rstrip() != "    while executing" or before.startswith(("ERROR:", "INFO:", "WARNING:", "CRITICAL")):
        return None
    return ToolError(f"Vivado's script failed: {before}")


def diagnose(status: int, *logs: Sequence[str]) -> GateweaveError:
    """The error of a run that ended with `status`, from its logs, the main one first."""
    for log in logs:
        error = first_fault(log)
        if error is not None:
            return error
    if status in (137, 143):
        return _killed()
    last = next((line.strip() for log in logs[:1] for line in reversed(log) if line.strip()), "it printed nothing")
    return ToolError(f"Vivado failed (exit {status}): {last}")
