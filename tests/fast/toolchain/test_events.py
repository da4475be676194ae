from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from toolchain.console import BuildProgress
from toolchain.events import Event, Follower, emit


def test_a_follower_reads_what_is_new_and_leaves_half_lines(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "events.jsonl"
    follower = Follower(path)
    assert follower.read() == []
    emit(path, Event("start", "data"))
    assert follower.read() == [Event("start", "data")]
    with path.open("a") as stream:
        stream.write('{"kind": "done", "stage": "da')
    assert follower.read() == []
    with path.open("a") as stream:
        stream.write('ta", "text": "x", "seconds": 1.0}\n')
    assert follower.read() == [Event("done", "data", "x", 1.0)]


def test_a_terminal_shows_a_bar_where_the_end_is_known() -> None:
    def shown(share: float | None) -> str:
        console = Console(width=100, force_terminal=True, file=io.StringIO(), _environ={})
        progress = BuildProgress(console, {})
        progress(Event("start", "train"))
        progress(Event("progress", "train", "step 1 of 4", share=share))
        with console.capture() as capture:
            console.print(progress._rows())
        return capture.get()

    assert "step 1 of 4" in shown(None) and "━" not in shown(None)
    assert "━" in shown(0.25) and shown(0.25) != shown(0.75)


def test_without_a_terminal_each_stage_is_one_line_at_its_start_and_one_at_its_end() -> None:
    console = Console(width=80, record=True, force_terminal=False, file=io.StringIO())
    with BuildProgress(console, {"train": "training the quantised network"}) as progress:
        for event in (
            Event("start", "train"),
            Event("progress", "train", "1 of 2"),
            Event("done", "train", "F1 1", 2.0),
        ):
            progress(event)
            progress(None)
    first, second = console.export_text().splitlines()
    assert first == "train       training the quantised network ..."
    assert second.split() == ["train", "2.0", "s", "F1", "1"]
