"""What a person sees of a virtual board that starts."""

from __future__ import annotations

import subprocess

import pytest

from toolchain.run import virtual


@pytest.mark.parametrize(("starts", "told"), [("sleep 0.3; ", ["compiling its chip"]), ("", [])])
def test_a_chip_that_is_compiled_first_is_told(
    starts: str, told: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(virtual, "_QUIET_SECONDS", 0.05 if told else 20.0)
    board = subprocess.Popen(["sh", "-c", f"{starts}echo /dev/pts/9"], stdout=subprocess.PIPE, text=True)
    port = virtual._port(board)
    board.communicate()

    seen = capsys.readouterr()
    assert port == "/dev/pts/9" and not seen.out
    assert [words for words in ("compiling its chip",) if words in seen.err] == told
