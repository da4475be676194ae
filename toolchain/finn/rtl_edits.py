"""Edits that FINN's RTL library needs before Verilator and Yosys read it, made on a copy; none changes what it does.

Each edit must match as often as it says: a library that differs is refused, not read half-edited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from toolchain.errors import ToolError
from toolchain.finn.adapter import VERSION


@dataclass(frozen=True)
class Edit:
    """One edit of a file of the library.

    Attributes:
        file: its name.
        purpose: what it does and which tool needs it.
        pattern, replacement: a regular expression (``.`` matches line ends too) and what takes its place.
        times: how often it must match.
    """

    file: str
    purpose: str
    pattern: str
    replacement: str
    times: int = 1

    def apply(self, text: str) -> str:
        """The edited text.

        Raises:
            ToolError: it matches more or less often than expected.
        """
        edited, count = re.subn(self.pattern, self.replacement, text, flags=re.DOTALL | re.MULTILINE)
        if count != self.times:
            raise ToolError(
                f"{self.file} of FINN's RTL library: the edit '{self.purpose}' matches {count} times, expected "
                f"{self.times}; install finn-plus {VERSION}, or adapt toolchain/finn/rtl_edits.py"
            )
        return edited


def _style_of_rom(file: str, times: int) -> Edit:
    purpose = "the kind of a ROM by its Yosys name: LUT RAM that is never written is logic (Yosys)"
    value = 'RAM_STYLE == "distributed"? "logic" : RAM_STYLE'
    return Edit(file, purpose, r"\bRAM_STYLE = RAM_STYLE(?= \*\))", f"rom_style = {value}", times)


def _without_directives(file: str) -> Edit:
    purpose = "no compiler directives inside a module (Yosys)"
    return Edit(file, purpose, r"^`default_nettype \w+\n", "", 2)


EDITS = (
    _style_of_rom("memstream.sv", 1),
    _style_of_rom("thresholding.sv", 2),
    Edit(
        "fifo.sv",
        "the kind of a RAM by its Yosys name, which is in lower case (Yosys)",
        r"\bRAM_STYLE(?= = [^\n]*\*\))",
        "ram_style",
        3,
    ),
    Edit(
        "memstream_axi.sv",
        "weights are cut off from the AXI4-Lite port, which rests: the memory is a ROM (Yosys)",
        r"\.config_([cw]e)\(mem_\1\)",
        r".config_\1(1'b0)",
        4,
    ),
    Edit(
        "fifo.sv",
        "the result of a constant function is packed (Verilator)",
        r"typedef struct \{(?=[^}]*\} +abits_t;)",
        "typedef struct packed {",
    ),
    _without_directives("fifo.sv"),
    _without_directives("vpc.sv"),
    Edit(
        "add_multi.sv",
        "a constant function is declared before the generate block that calls it (Verilator, Yosys)",
        r"(^\tuwire [^\n]*  sum0;\n.*?)(^\t\ttypedef [^\n]* leaf_load_t.*?= init_leaf_loads\(\);\n)",
        r"\2\1",
    ),
    Edit(
        "mvu.sv",
        "no watch over the first 100 ns, which only warns in simulation (Yosys)",
        r"\bif\(1\) begin : blkRecoveryWatch",
        "if(0) begin : blkRecoveryWatch",
    ),
    Edit(
        "thresholding.sv",
        "a shift in the place of a part-select that runs backwards in the first stage (Yosys)",
        r"\bp\.ptr\[M-1:SN\+1\] <",
        "(p.ptr[M-1:0] >> (SN+1)) <",
    ),
)
"""All edits; a file of another name stays as it is."""


def edited(file: str, text: str) -> str:
    """The text of a file of the library after its edits.

    Raises:
        ToolError: an edit does not match.
    """
    for edit in EDITS:
        if edit.file == file:
            text = edit.apply(text)
    return text
