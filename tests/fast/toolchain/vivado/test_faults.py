from __future__ import annotations

import pytest

from toolchain.errors import FitError, ToolError
from toolchain.vivado.faults import diagnose, first_fault

_DEVICE = "feature 'Synthesis' and/or device 'xczu9eg'"


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (f"ERROR: [Common 17-345] A valid license was not found for {_DEVICE}.", ToolError, "no licence for Synthesis"),
        ("WARNING: [Device 21-436] No parts matched 'xczu7ev-ffvc1156-2-e'", ToolError, "part xczu7ev-ffvc1156-2-e;"),
        ("ERROR: [Coretcl 2-106] Specified part could not be found.", ToolError, "the part of the board"),
        ("ERROR: [HLS 200-1023] Part 'xczu7ev' is not installed.", ToolError, "the part xczu7ev;"),
        (
            "ERROR: [Board 49-71] The board_part definition was not found for tul.com.tw:pynq-z2:part0:1.0. The",
            ToolError,
            "board files of tul.com.tw:pynq-z2:part0:1.0 are not installed",
        ),
        (
            "ERROR: [Place 30-640] Place Check : This design requires more Slice LUTs cells than are available in the "
            "target device. This design requires 62315 of such cell types but only 53200 compatible sites are",
            FitError,
            "62,315 Slice LUTs needed, 53,200 available",
        ),
        (
            "ERROR: [DRC UTLZ-1] Resource utilization: RAMB18 and RAMB36/FIFO over-utilized in Top Level Design (This "
            "design requires more RAMB18 and RAMB36/FIFO cells than are available in the target device. This design "
            "requires 300 of such cell types but only 280 compatible sites are available in the target device.",
            FitError,
            "300 RAMB18 and RAMB36/FIFO needed, 280 available",
        ),
        ("ERROR: [Place 30-487] The packing of instances into the device could not be obeyed.", FitError, "no room"),
        ("ERROR: [Synth 8-4445] could not open $readmem data file 'w.hex'; please make", ToolError, "file w.hex"),
        ('/x/rdiArgs.sh: line 312: 32165 Killed                  "$RDI_PROG" "$@"', ToolError, "killed half way"),
        ("Abnormal program termination (11)", ToolError, "crashed"),
        ("ERROR: [Synth 8-439] module 'mvu' not found [a.v:1]", ToolError, r"\[Synth 8-439\] module 'mvu' not found"),
        ("ERROR: [Gateweave 1-1] the clock is wrong", ToolError, "^the clock is wrong$"),
    ],
)
def test_each_fault_says_what_to_do(line: str, kind: type[Exception], message: str) -> None:
    log = ["INFO: [Common 17-349] Got license", line, "ERROR: [Common 17-69] Command failed: Synthesis failed - please"]
    fault = first_fault(log)
    assert type(fault) is kind
    with pytest.raises(kind, match=message):
        raise fault


def test_consequences_are_not_causes() -> None:
    log = [
        "ERROR: [Vivado 12-13638] Failed runs(s) : 'synth_1'",
        "ERROR: [Common 17-39] 'wait_on_runs' failed due to earlier errors.",
        "",
        "    while executing",
        '"wait_on_run synth_1"',
        "ERROR: [Gateweave 1-2] synth_1 ended with: ERROR",
    ]
    assert first_fault(log) is None
    run = ["ERROR: [Synth 8-439] module 'mvu' not found"]
    assert "module 'mvu' not found" in str(diagnose(1, log, run))


def test_faults_of_tcl_itself_are_found() -> None:
    log = ['invalid command name "create_projekt"', "    while executing", '"create_projekt a"']
    assert str(first_fault(log)) == 'Vivado\'s script failed: invalid command name "create_projekt"'


def test_a_log_without_an_error_ends_in_the_last_line() -> None:
    assert str(diagnose(3, ["one", "two", ""])) == "Vivado failed (exit 3): two"
    assert str(diagnose(1, [])) == "Vivado failed (exit 1): it printed nothing"
    assert "killed half way" in str(diagnose(137, ["Phase 1 Placer Initialization"]))
