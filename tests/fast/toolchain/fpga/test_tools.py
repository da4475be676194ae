from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from toolchain.errors import BuildError, ConfigError, FitError, ToolError
from toolchain.fpga import all_families, tools
from toolchain.fpga.tools import Tool, execute, relative, require_output, run

# A package that is surely installed stands in for the one that brings the fake tools.
_FAKE = "pytest"


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """A tool of a few lines of Python that acts on its first argument."""
    program = """
        import sys, time

        def main():
            what = sys.argv[1]
            if what == "say":
                print("Info: Packing things", flush=True)
                print("done", file=sys.stderr)
            if what == "route":
                print("Info: Packing things")
                print("Info:    IterCnt |  w/ripup   wo/ripup |  w/r  wo/r |      arcs| batch(sec) total(sec)|")
                print("Info:       2000 |      907       1092 |  554   446 |    106801|       3.27      10.64|")
                print("Info: [  3204,   3806) |+")
            if what == "fail":
                print("Info: fine so far")
                print("ERROR: no such thing")
                return 3
            if what == "filter":
                print("wanted")
                print("noise", file=sys.stderr)
            if what == "hang":
                print("up", flush=True)
                time.sleep(60)
            return 0
    """
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "fake_tool.py").write_text(textwrap.dedent(program))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    return Tool("fake", "fake_tool:main", _FAKE, (("Info: Packing", "packing"),))


def test_log_holds_both_streams_and_phases_are_told_once(fake: Tool, tmp_path: Path) -> None:
    told: list[str] = []
    log = tmp_path / "log"
    assert execute(fake, ["say"], cwd=tmp_path, log=log, progress=told.append) == 0
    assert set(log.read_text().split("\n")) == {"Info: Packing things", "done", ""}
    assert told == ["fake: packing"]


def test_how_much_is_left_to_route_is_told(fake: Tool, tmp_path: Path) -> None:
    told: list[str] = []
    router = replace(fake, left=tools.nextpnr("nextpnr-ecp5", "p").left)
    assert execute(router, ["route"], cwd=tmp_path, log=tmp_path / "log", progress=told.append) == 0
    assert told == ["fake: packing", "fake: packing, 106,801 connections left"]


def test_what_a_watcher_raises_ends_the_tool(fake: Tool, tmp_path: Path) -> None:
    def watch(line: str) -> None:
        raise FitError(f"seen {line.strip()}")

    start = time.monotonic()
    with pytest.raises(FitError, match="seen up"):
        execute(fake, ["hang"], cwd=tmp_path, log=tmp_path / "log", watch=watch)
    assert time.monotonic() - start < 30


def test_failure_names_tool_error_and_log(fake: Tool, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(ToolError, match=r"fake failed \(exit 3\): ERROR: no such thing; .*log"):
        run(fake, ["fail"], cwd=tmp_path, log=log)


def test_a_filter_keeps_its_output_apart_from_the_log(fake: Tool, tmp_path: Path) -> None:
    log, output = tmp_path / "log", tmp_path / "output"
    run(fake, ["filter"], cwd=tmp_path, log=log, output=output)
    assert (output.read_text(), log.read_text()) == ("wanted\n", "noise\n")


def test_missing_package_names_the_mend(tmp_path: Path) -> None:
    absent = Tool("nosuch", "nosuch:main", "no-such-package")
    with pytest.raises(ToolError, match=r"nosuch is missing; .*pip package no-such-package"):
        run(absent, [], cwd=tmp_path, log=tmp_path / "log")


def test_missing_program_names_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolError, match=r"icebox_vlog is missing; .*make system-deps.*fpga-icestorm"):
        Tool("icebox_vlog", "", "fpga-icestorm").version()


def test_all_pip_tools_have_pinned_versions() -> None:
    pins = Path(__file__).parents[4] / "requirements.txt"
    lines = [line.strip().lower() for line in pins.read_text().splitlines()]
    used = [(kind.place_and_route_tool, kind.packer, *kind.read_back_tools) for kind in all_families().values()]
    for tool in {tools.YOSYS, *(tool for row in used for tool in row if tool.entry)}:
        assert f"{tool.package}=={tool.version()}" in lines, tool.name


@pytest.fixture
def native(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A native nextpnr-ice40 on the PATH, as Debian's says its version."""
    program = tmp_path / "bin" / "nextpnr-ice40"
    program.parent.mkdir()
    program.write_text("""#!/bin/sh
        if [ "$1" = --version ]; then
            echo '"nextpnr-ice40" -- Next Generation Place and Route (Version 0.4-1+b1)'
        else
            echo "Info: Packing $*"
        fi
    """)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


@pytest.mark.parametrize("chosen", ["native", "auto"])
def test_a_native_nextpnr_takes_the_pinned_ones_place_where_asked(
    native: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    tool, log = all_families()["ice40"].place_and_route_tool, tmp_path / "log"
    pinned = tool.version()
    monkeypatch.setenv("PNR", chosen)
    assert tool.version() == "native 0.4-1+b1" != pinned
    run(tool, ["--up5k"], cwd=tmp_path, log=log)
    assert log.read_text() == "Info: Packing --up5k\n"
    assert all_families()["ice40"].packer.native() is None


def test_the_pinned_nextpnr_runs_unless_another_is_asked_for(native: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools_of = {name: kind.place_and_route_tool for name, kind in all_families().items()}
    assert tools_of["ice40"].native() is None
    monkeypatch.setenv("PNR", "auto")
    monkeypatch.setenv("PATH", str(native.parent))
    assert tools_of["ecp5"].native() is None and "native" not in tools_of["ecp5"].version()


@pytest.mark.parametrize(
    ("chosen", "says", "error"),
    [
        ("native", "", r"PNR=native: no nextpnr-ice40 on the PATH; .*leave PNR out"),
        ("auto", "hello", r"nextpnr-ice40 --version says no version"),
        ("fast", "", r"PNR: 'fast': should be one of wasm, native, auto"),
    ],
)
def test_a_nextpnr_that_cannot_be_used_is_refused(
    native: Path, monkeypatch: pytest.MonkeyPatch, chosen: str, says: str, error: str
) -> None:
    monkeypatch.setenv("PNR", chosen)
    native.write_text(f"#!/bin/sh\necho {says}\n")
    if chosen == "native":
        native.unlink()
        monkeypatch.setenv("PATH", str(native.parent))
    with pytest.raises((ToolError, ConfigError), match=error):
        all_families()["ice40"].place_and_route_tool.version()


def test_unwritable_log_is_a_build_error(fake: Tool, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="cannot write"):
        execute(fake, ["say"], cwd=tmp_path, log=tmp_path / "absent" / "log")


def test_missing_output_is_an_error(fake: Tool, tmp_path: Path) -> None:
    empty = tmp_path / "empty.bit"
    empty.touch()
    with pytest.raises(ToolError, match=r"fake wrote no empty\.bit"):
        require_output(fake, empty, tmp_path / "log")


def test_full_disk_leaves_no_half_output(fake: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = tmp_path / "half.bit"
    half.write_text("half")
    monkeypatch.setattr(tools, "_LEAST_FREE", 1 << 62)
    with pytest.raises(BuildError, match="no disk space left for fake"):
        require_output(fake, half, tmp_path / "log")
    assert not half.exists()


def test_relative_paths_start_with_a_name_or_dots(tmp_path: Path) -> None:
    assert relative(tmp_path / "a" / "x", tmp_path / "a") == "x"
    assert relative(tmp_path / "b" / "x", tmp_path / "a") == "../b/x"


def test_cache_goes_beside_the_environment_when_home_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YOWASP_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new"))
    assert tools.cache_directory() == tmp_path / "new" / "YoWASP"
    monkeypatch.setattr(tools.os, "access", lambda *_: False)
    assert tools.cache_directory() == Path(sys.prefix) / "cache" / "YoWASP"


def test_a_killed_parent_takes_its_tool_along(fake: Tool, tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import sys; from pathlib import Path; from toolchain.fpga.tools import Tool, execute;"
        f"execute(Tool('fake', 'fake_tool:main', {_FAKE!r}), ['hang'],"
        f" cwd=Path({str(tmp_path)!r}), log=Path({str(log)!r}))"
    )
    repository = Path(__file__).parents[4]
    environment = {**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}:{repository}"}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment)
    child = _wait_for(lambda: _child_of(parent.pid))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    _wait_for(lambda: not Path(f"/proc/{child}/cmdline").exists() or None)


def _child_of(pid: int) -> int | None:
    """The tool that process `pid` runs, once it has come so far as to watch its parent."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    if not children:
        return None
    loaded = (
        Path(f"/proc/{children[0]}/wchan").exists() and "launch.py" in Path(f"/proc/{children[0]}/cmdline").read_text()
    )
    return int(children[0]) if loaded else None


def _wait_for(condition: object, seconds: float = 10) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (value := condition()) is not None:  # type: ignore[operator]
            return value
        time.sleep(0.02)
    raise AssertionError("timed out")
