from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.errors import ToolError
from toolchain.vivado.find import Vivado
from toolchain.vivado.run import run_batch

Find = Callable[..., Vivado]


def _script(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "script.tcl"
    path.write_text(text)
    return path


def _stray(note: Path) -> str:
    """Tcl that starts a process in a session of its own, which writes its number and lives for a minute."""
    return f"exec setsid sh -c {{echo $$ >'{note}'; exec sleep 60}} >/dev/null 2>/dev/null &"


def _alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def _ended(process: int) -> bool:
    deadline = time.monotonic() + 5
    while _alive(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not _alive(process)


def _noted(path: Path) -> int:
    """The process number that a program writes to a file."""
    deadline = time.monotonic() + 5
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.01)
    return int(path.read_text())


def test_the_log_takes_all_and_progress_hears_of_steps(tmp_path: Path, vivado: Find) -> None:
    heard: list[str] = []
    lines = ("Gateweave: $argv", "Command: route_design", "Phase 4 Rip-up And Reroute")
    script = _script(tmp_path, "".join(f'puts "{line}"\n' for line in lines))
    run_batch(vivado(), script, tmp_path / "work", heard.append, arguments=["a b", "c"])
    assert heard == ["Vivado: {a b} c", "Vivado: routing", "Vivado: routing, phase 4: Rip-up And Reroute"]
    assert "****** Vivado v2024.1 (64-bit)" in (tmp_path / "work" / "vivado.log").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("create_projekt a", 'invalid command name "create_projekt"'),
        ("create_project a . -parts x", r"\[Common 17-170\] Unknown option '-parts', please type 'create_project"),
        ("create_project a b c", r"\[Common 17-165\] Too many positional options"),
        ("create_project a . -part xc7z020clg400-1; add_files none.v", r"\[Vivado 12-172\] File or Directory '.*none"),
        ("create_project a . -part xc7z099", "does not have the part xc7z099"),
        ("exit 3", r"failed \(exit 3\)"),
    ],
)
def test_a_wrong_script_fails_by_its_first_error(tmp_path: Path, vivado: Find, text: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        run_batch(vivado(), _script(tmp_path, text), tmp_path / "work")


def test_nothing_outlives_a_script_that_ends(tmp_path: Path, vivado: Find) -> None:
    note = tmp_path / "pid"
    script = _script(tmp_path, f"{_stray(note)}\nafter 100")
    run_batch(vivado(), script, tmp_path / "work")
    assert _ended(_noted(note))


def test_a_silent_vivado_is_ended_with_its_children(tmp_path: Path, vivado: Find) -> None:
    note = tmp_path / "pid"
    script = _script(tmp_path, f"{_stray(note)}\nafter 60000")
    with pytest.raises(ToolError, match="Vivado hung: no word from it for 3 s"):
        run_batch(vivado(), script, tmp_path / "work", patience_s=3)
    assert _ended(_noted(note))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_process_that_asked(tmp_path: Path, vivado: Find, number: int) -> None:
    note, main = tmp_path / "child", tmp_path / "main"
    number_of_main = f"set f [open {{{main}}} w]; puts $f [pid]; close $f"
    script = _script(tmp_path, f"{_stray(note)}\n{number_of_main}\nafter 60000")
    found = vivado()
    code = (
        "import sys\nfrom pathlib import Path\nfrom toolchain.vivado.find import Vivado\n"
        "from toolchain.vivado.run import run_batch\n"
        "program, script, work = map(Path, sys.argv[1:])\nrun_batch(Vivado(program, '2024.1'), script, work)"
    )
    words = [str(found.path), str(script), str(tmp_path / "work")]
    asking = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.DEVNULL)
    processes = [_noted(note), _noted(main)]
    os.kill(asking.pid, number)
    asking.wait(timeout=10)
    assert all(_ended(process) for process in processes)
