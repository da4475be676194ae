"""Rows have the model's own word, or that of their kind."""

from __future__ import annotations

from toolchain.training.words import Words


def test_rows_are_called_as_the_model_says_or_as_their_kind() -> None:
    assert Words(rows="frames").rows_of("images") == "frames"
    assert [Words().rows_of(kind) for kind in ("images", "windows", "records", "synthetic")] == [
        "images",
        "windows",
        "rows",
        "rows",
    ]
