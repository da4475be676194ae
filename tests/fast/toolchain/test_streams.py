from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain.console import out

SAY = "from toolchain.streams import make_sturdy; make_sturdy(); print({!r})"


def _say(text: str, **environment: str) -> bytes:
    words = [sys.executable, "-c", SAY.format(text)]
    return subprocess.run(words, env={**os.environ, **environment}, capture_output=True, check=True).stdout


def test_a_terminal_of_ascii_gets_plain_signs() -> None:
    assert _say("✓ 1,000 → ψ", PYTHONIOENCODING="ascii") == b"+ 1,000 -> \\u03c8\n"


def test_a_path_that_is_not_utf_8_can_be_told() -> None:
    assert _say("caf\udce9", PYTHONIOENCODING="utf-8") == b"caf\\udce9\n"


def test_a_reader_that_has_left_ends_nothing(tmp_path: Path) -> None:
    done = tmp_path / "done"
    work = f"import pathlib; [print('x' * 9999) for _ in range(50)]; pathlib.Path({str(done)!r}).touch()"
    process = subprocess.Popen(
        [sys.executable, "-c", f"from toolchain.streams import make_sturdy; make_sturdy(); {work}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.wait(20) == 0
    assert process.stderr.read() == b""
    assert done.exists()


def test_a_full_disk_behind_the_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-m", "toolchain.cli", "models"]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "error: the system says: No space left on device\n"


def test_brackets_in_a_path_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    out().print("package: /tmp/a [/b]/:smile:")
    assert capsys.readouterr().out == "package: /tmp/a [/b]/:smile:\n"
