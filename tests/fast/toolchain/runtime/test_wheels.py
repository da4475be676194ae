from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.device.ort.packages import board
from toolchain.board import Runtime, Wheel
from toolchain.errors import ToolError
from toolchain.files import sha256
from toolchain.runtime.wheels import fetch_wheels


def _nano(cache: Path) -> Runtime:
    """The Jetson Nano's wheels, with files in the cache that stand for them."""
    runtime = board("jetson-nano").runtime
    folder = cache / "jetson-nano"
    folder.mkdir(parents=True)
    for wheel in runtime.wheels:
        (folder / wheel.file).write_bytes(wheel.file.encode())
    pinned = [Wheel(file=w.file, source=w.source, sha256=sha256(folder / w.file)) for w in runtime.wheels]
    return runtime.model_copy(update={"wheels": pinned})


def test_what_lies_in_the_cache_is_taken(tmp_path: Path) -> None:
    runtime = _nano(tmp_path)
    assert fetch_wheels("jetson-nano", runtime, tmp_path) == [
        tmp_path / "jetson-nano" / wheel.file for wheel in runtime.wheels
    ]


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    runtime = _nano(tmp_path)
    path = tmp_path / "jetson-nano" / runtime.wheels[1].file
    path.write_bytes(b"other")
    with pytest.raises(ToolError, match=rf"{path.name}: SHA-256 {sha256(path)}, boards/jetson-nano/board.yaml pins"):
        fetch_wheels("jetson-nano", runtime, tmp_path)


def test_a_file_whose_maker_publishes_no_hash_is_taken_as_it_is(tmp_path: Path) -> None:
    runtime = _nano(tmp_path)
    free = runtime.model_copy(update={"wheels": [w.model_copy(update={"sha256": None}) for w in runtime.wheels]})
    assert len(fetch_wheels("jetson-nano", free, tmp_path)) == 2


def test_a_wheel_that_pypi_does_not_have_is_asked_for_by_name_and_place(tmp_path: Path) -> None:
    runtime = board("jetson-nano").runtime
    with pytest.raises(ToolError) as caught:
        fetch_wheels("jetson-nano", runtime, tmp_path)
    text = str(caught.value)
    assert runtime.wheels[0].file in text and str(runtime.wheels[0].source) in text
    assert str(tmp_path / "jetson-nano") in text and "\n" not in text
