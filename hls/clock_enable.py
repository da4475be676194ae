"""Modules of the Verilog library with a clock enable more, for parts of a core that rest; see `hls.resting`."""

from __future__ import annotations

import re

SUFFIX = "_awake"
"""Behind the name of a module of the library that has a clock enable, and before that of its file."""


def with_enable(name: str, text: str) -> str:
    """The text of a module of the library with a clock enable, `awake`, under a name of its own."""
    text = re.sub(rf"\bmodule {name}\b", f"module {name}{SUFFIX}", text)
    text = re.sub(r"^    input clk,$", "    input awake,\n    input clk,", text, count=1, flags=re.MULTILINE)
    text = re.sub(r"always @\(posedge clk\)", "always @(posedge clk) if (awake)", text)
    # An instance within: its module's name stands before the parameters, which end before the ports.
    text = re.sub(r"^( +)(\w+) (#\((?:[^;]*?)\)\s*\w+ \((?=\s*\.clk\(clk\)))", rf"\1\2{SUFFIX} \3", text, flags=re.M)
    text = re.sub(r"^( +)(?!module\b)(\w+) (\w+ \((?=\s*\.clk\(clk\)))", rf"\1\2{SUFFIX} \3", text, flags=re.M)
    return text.replace(".clk(clk)", ".awake(awake), .clk(clk)")
