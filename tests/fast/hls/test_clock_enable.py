"""A module of the library with a clock enable has it on every register and in every module within."""

from __future__ import annotations

import re

import pytest

from hls.clock_enable import SUFFIX, with_enable
from hls.library import LIBRARY

MODULES = sorted(path.stem for path in LIBRARY.glob("*.v") if re.search(r"^    input clk,$", path.read_text(), re.M))


@pytest.mark.parametrize("name", MODULES)
def test_every_register_and_every_module_within_has_the_enable(name: str) -> None:
    plain = (LIBRARY / f"{name}.v").read_text()
    text = with_enable(name, plain)
    assert f"module {name}{SUFFIX}" in text and text.count("    input awake,\n    input clk,") == 1
    assert len(re.findall("posedge clk", text)) == text.count("always @(posedge clk) if (awake)")

    within = re.findall(r"\.clk\(clk\)", plain)
    inner = re.findall(rf"^ +\w+{SUFFIX} [^;]*?\.awake\(awake\), \.clk\(clk\)", text, re.M)
    assert len(inner) == len(within) == text.count(".awake(awake), .clk(clk)")
    assert text.count("\n") == plain.count("\n") + 1
