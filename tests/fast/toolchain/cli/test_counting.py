from __future__ import annotations

from io import StringIO

from rich.console import Console

from toolchain.cli.counting import counting


def _told(terminal: bool) -> str:
    seconds = iter((0.0, 10.0, 31.0, 40.0, 70.0))
    console = Console(file=StringIO(), force_terminal=terminal, width=80)
    with counting("vectors", console, lambda: next(seconds)) as tell:
        for done in (10, 1100, 1200, 2400):
            tell(done, 2400)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_file_gets_a_line_where_half_a_minute_was_silent() -> None:
    assert _told(False) == "vectors: 1,100 of 2,400, 31 s so far ...\nvectors: 2,400 of 2,400, 70 s so far ...\n"


def test_a_terminal_gets_a_bar_and_no_lines() -> None:
    told = _told(True)
    assert "so far" not in told
    assert "100%" in told
