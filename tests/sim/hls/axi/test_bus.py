"""The AXI ports against independent bus models: cocotb with cocotbext-axi, in Verilator."""

from __future__ import annotations

import ast
import contextlib
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cocotb_tools.runner import get_runner

from hls.verilate import find_verilator
from tests.sim.hls.axi.shapes import SHAPES

ROOT = Path(__file__).parents[4]

# The runner calls make itself; the bus models in Python take most of the time. For the header: see hls/verilate.py.
MAKE = " -- OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0 CFG_CXXFLAGS_PCH_I=-include"

_MODULE = ast.parse(Path(__file__).with_name("bus_checks.py").read_text())
CHECKS = [node for node in _MODULE.body if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list]


def verilator_on_path(folder: Path) -> str:
    """A PATH on which cocotb's runner finds the Verilator that all else is built with."""
    tool = find_verilator()
    folder.mkdir()
    script = folder / "verilator"
    root = f"VERILATOR_ROOT={tool.root} " if tool.root else ""
    script.write_text(f'#!/bin/sh\n{root}exec {tool.program} "$@"\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("name", ["pipeline", "slow"])
def test_bus(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", verilator_on_path(tmp_path / "bin"))
    monkeypatch.setenv("MAKEFLAGS", MAKE)
    _, sources = SHAPES[name].generate(tmp_path / "rtl")
    runner = get_runner("verilator")
    runner.build(
        sources=sources,
        hdl_toplevel="axi_chip",
        build_dir=tmp_path / "build",
        build_args=["-Wno-fatal", "--no-timing"],
        log_file=tmp_path / "build.log",
    )
    monkeypatch.chdir(ROOT)
    # The runner exits where a check failed; the report names it.
    with contextlib.suppress(SystemExit):
        runner.test(
            test_module="tests.sim.hls.axi.bus_checks",
            hdl_toplevel="axi_chip",
            build_dir=tmp_path / "build",
            test_dir=tmp_path / "rtl",
            results_xml=str(tmp_path / "results.xml"),
            extra_env={"AXI_SHAPE": name, "PYTHONPATH": str(ROOT)},
            log_file=tmp_path / "test.log",
        )
    cases = list(ElementTree.parse(tmp_path / "results.xml").getroot().iter("testcase"))
    failed = [case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None]
    assert len(cases) == len(CHECKS)
    assert not failed, (tmp_path / "test.log").read_text()[-6000:]
