"""Meters on a bare I2C bus that cannot be read: they are named, as every other sensor."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.doubles.i2c import INA226, I2cChip
from toolchain.device.agent import __main__ as agent
from toolchain.device.agent import ina2xx
from toolchain.device.agent.discover import open_i2c, read_once
from toolchain.device.agent.source import Lost, NonsenseError, Source
from toolchain.errors import ToolError
from toolchain.measure.meters import open_meter

WORDS = "/dev/i2c-9:0x40:ina226:0.1"


def connect(patch: pytest.MonkeyPatch, chip: I2cChip) -> None:
    patch.setattr(ina2xx, "open_bus", lambda bus, address: chip.handle)


def test_a_chip_that_answers_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, I2cChip(dict(INA226)))
    [source] = open_meter(f"i2c:{WORDS}")
    assert source.read() == pytest.approx(0.5)
    assert (source.traits.in_total, source.traits.path) == (True, "/dev/i2c-9:0x40")
    source.close()


@pytest.mark.parametrize("kind", ["fifo", "file", "folder", "/dev/zero", "/nowhere", "a\0b"])
def test_what_is_no_bus_is_not_opened(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / kind
    {"fifo": lambda: os.mkfifo(path), "file": path.touch, "folder": path.mkdir}.get(kind, lambda: None)()
    bus = str(path) if path.is_absolute() and "/" not in kind and "\0" not in kind else kind
    monkeypatch.setattr(os, "open", lambda *words: pytest.fail("opened"))
    lost = open_i2c(f"{bus}:0x40:ina226:0.1")
    assert isinstance(lost, Lost)
    assert (lost.name, lost.scope) == ("ina226", "input") and "load i2c-dev" in lost.why


@pytest.mark.parametrize(("answers", "registers"), [(0, INA226), (3, INA226), (None, {**INA226, 0xFE: 0})])
def test_a_chip_that_does_not_answer_is_lost(
    monkeypatch: pytest.MonkeyPatch, answers: int | None, registers: dict[int, int]
) -> None:
    connect(monkeypatch, I2cChip(dict(registers), answers))
    found = read_once([open_i2c(WORDS)])
    assert found.sources == [] and [lost.name for lost in found.lost] == ["ina226"]


def test_a_meter_that_cannot_be_read_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, I2cChip(dict(INA226), 3))
    with pytest.raises(ToolError, match=r"METER=i2c:/dev/i2c-9:0x40:ina226:0.1: cannot be read: /dev/i2c-9:0x40: "):
        open_meter(f"i2c:{WORDS}")


@pytest.mark.parametrize(
    ("register", "word", "words"),
    [(0x01, 0x7FFF, "end of the range"), (0x01, 0x8000, "end of"), (0x02, 0xFFFF, "ffff")],
)
def test_a_register_at_its_end_is_nonsense(
    monkeypatch: pytest.MonkeyPatch, register: int, word: int, words: str
) -> None:
    connect(monkeypatch, I2cChip({**INA226, register: word}))
    source = open_i2c(WORDS)
    assert isinstance(source, Source)
    with pytest.raises(NonsenseError, match=words):
        source.read()
    source.close()


def test_the_agent_lists_it_and_does_not_measure_without_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sys").mkdir()
    os.mkfifo(tmp_path / "bus")
    common = ["--root", str(tmp_path), "--i2c", f"{tmp_path}/bus:0x40:ina226:0.1"]
    assert agent.main(["sources", *common]) == 0
    [lost] = json.loads(capsys.readouterr().out)["unreadable"]
    assert (lost["name"], lost["needed"]) == ("ina226", True) and "is no I2C bus" in lost["why"]
    assert agent.main(["measure", *common, "--out", str(tmp_path / "out"), "--", sys.executable, "{seconds}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: ina226 cannot be read: {tmp_path}/bus: is no I2C bus") and said.count("\n") == 1
    assert not (tmp_path / "out").exists()
