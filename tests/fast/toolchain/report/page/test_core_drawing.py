"""What lies between the rows of a core's drawing."""

from __future__ import annotations

from toolchain.report.page.core_drawing import Between, between

NAMES = ["input", "a", "b", "output"]


def _fifo(source: str, sink: str, depth: int, bits: int = 8) -> dict[str, object]:
    return {"source": source, "sink": sink, "depth": depth, "bits": bits, "block": False}


def test_the_deepest_of_those_between_two_stages_is_drawn() -> None:
    fifos = [_fifo("input", "a", 16), _fifo("a", "b", 16, 9), _fifo("a", "b", 300, 4), _fifo("b", "output", 16)]
    assert between(NAMES, fifos) == [Between(0, 1, 16, 8), Between(1, 2, 300, 4), Between(2, 3, 16, 8)]


def test_those_within_a_stage_and_of_unknown_ones_are_left_out() -> None:
    assert between(NAMES, [_fifo("a", "a", 16), _fifo("a", "elsewhere", 16), {"depth": "?"}]) == []
