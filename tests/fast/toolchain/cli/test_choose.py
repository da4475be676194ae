from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.cli.choose import choose
from toolchain.cli.wish import Wish
from toolchain.errors import DataError


def test_a_loop_of_links_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(DataError, match="a: a loop of links"):
        choose(Wish("host", "cqmlp", data=str(tmp_path / "a")))
    with pytest.raises(DataError, match="a: a loop of links"):
        choose(Wish("host", onnx=str(tmp_path / "a")))
