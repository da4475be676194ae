"""From a program, errors name calls and no commands."""

from __future__ import annotations

import pytest

from toolchain.api.spoken import in_python, spoken
from toolchain.errors import TimingError


@pytest.mark.parametrize(
    ("said", "python"),
    [
        ("gone; run `make build` again", "gone; run `gw.build(...)` again"),
        ("see `make build BOARD=host MODEL='a b' FPS=max`", "see `gw.build(board='host', model='a b', fps='max')`"),
        ("`make build NETWORK=net.onnx FPS=500`", "`gw.build('net.onnx', fps=500)`"),
        ("`make run VIRTUAL=1`, `make show`", "`build.run(virtual=True)`, `build.show()`"),
        ("`make explain BOARD=ulx3s`, then `make report`", "`build.explain()`, then `build.report`"),
        ("run `make verify BOARD=host`", "run `make verify BOARD=host`"),
        ("the makers of it", "the makers of it"),
    ],
)
def test_a_command_becomes_its_call(said: str, python: str) -> None:
    assert in_python(said) == python


def test_an_error_keeps_its_kind_and_what_it_holds() -> None:
    def fails() -> None:
        raise TimingError("too slow: `make build FPS=5`", 12.5)

    with pytest.raises(TimingError, match=r"too slow: `gw\.build\(fps=5\)`") as caught:
        spoken(fails)()
    assert caught.value.reached_mhz == 12.5
