from __future__ import annotations

from pathlib import Path

import pytest

from hls.virtual_board import Faults, main, parse_faults
from toolchain.errors import ConfigError


def test_faults_from_a_text() -> None:
    assert parse_faults("") == Faults()
    parsed = parse_faults("bits=1e-4, lost=0.5,silent_after=100,seed=3")
    assert parsed == Faults(bits=1e-4, lost=0.5, silent_after=100, seed=3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bitz=1", r"'bitz' is none; use bits, lost, doubled, reset, silent_after, seed"),
        ("bits", r"bits=: should be a number"),
        ("seed=1.5", r"seed=1\.5: should be a number"),
        ("lost=2", r"lost=2\.0: should be a probability"),
    ],
)
def test_what_is_no_fault_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_faults(text)


def test_faults_are_read_before_anything_is_built(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(tmp_path), "--work", str(tmp_path), "--baud", "1", "--faults", "bitz=1"]
    assert main(arguments) == 1
    assert "error: faults: 'bitz' is none" in capsys.readouterr().err


def test_a_chip_of_an_older_version_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "chip.json").write_text('{"sources": ["chip.v"]}')
    assert main([str(tmp_path), "--work", str(tmp_path), "--baud", "1"]) == 1
    assert (
        "chip.json: a chip description of an older version" in (said := capsys.readouterr().err)
        and "`make build`" in said
    )
