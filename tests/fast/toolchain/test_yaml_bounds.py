from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
import typer
import yaml
from pydantic import BaseModel

from tests.conftest import REPOSITORY
from toolchain.catalog import list_boards, load_board, load_model, load_recipe
from toolchain.cli.listing import board_table, boards
from toolchain.console import out
from toolchain.errors import ConfigError
from toolchain.yaml_bounds import parse_bounded
from toolchain.yaml_file import load_yaml

_BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


class _Free(BaseModel):
    model_config = {"extra": "allow"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "boards", tmp_path / "boards")
    shutil.copytree(REPOSITORY / "models", tmp_path / "models")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_BOMB, "line 4: more than 10,000 values"),
        ("a: " + "[" * 3000 + "]" * 3000, "line 1: nested more than 16 deep"),
        ("a: " + "{a: " * 3000, "line 1: nested more than 16 deep"),
        ("a: 1\nb: " + "9" * 5000, "line 2: a number of more than 40 characters"),
        ("a: .inf", "line 1: '.inf' should be finite"),
        ("a: .nan", "line 1: '.nan' should be finite"),
        ("a: 0b_", "line 1: '0b_' is not a number"),
        ('a: "x\\ny"', "line 1: the text 'x\\ny' should be one line without control characters"),
        ('a: "\\x1b[2J"', "should be one line without control characters"),
        ('a: "\\ud800"', "line 1: not YAML: found invalid Unicode character escape code"),
        ('a: "\u202egnp"', "should be one line without control characters"),
        ("a: |\n  two\n  lines\n", "should be one line"),
        ("a: 1\na: 2", "line 2: the key 'a' occurs twice"),
        ("a: &a [*a]", "line 1: alias 'a' stands for nothing complete"),
        ("a: *b", "line 1: alias 'b' stands for nothing complete"),
        ("a: !!python/name:os.system x", "line 1: tags (!...) are not allowed"),
        ("a: !!timestamp x", "line 1: tags (!...) are not allowed"),
        ("? [1]\n: 2", "line 1: a key should be a word or a whole number"),
        ("1: a\nb: c", "keys should be all words or all whole numbers"),
        ("a: <<", "not YAML"),
        ("a: " + "x" * 70_000, "larger than 65,536 bytes"),
    ],
)
def test_what_breaks_a_bound_is_refused_at_once_and_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    started = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        load_yaml(path, _Free)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 5


def test_aliases_merge_keys_and_dates_are_what_they_say() -> None:
    text = "a: &a {x: 1}\nb: {<<: *a, y: 0x10}\nc: 2026-13-45\nd: 2.5\n"
    assert parse_bounded(text) == {"a": {"x": 1}, "b": {"x": 1, "y": 16}, "c": "2026-13-45", "d": 2.5}


def test_the_repositorys_files_read_as_any_reader_reads_them() -> None:
    for path in [*REPOSITORY.glob("boards/*/board.yaml"), *REPOSITORY.glob("models/*/recipes/*.yaml")]:
        assert parse_bounded(path.read_text()) == yaml.safe_load(path.read_text())


def test_a_pipe_in_place_of_a_file_is_refused_rather_than_waited_for(root: Path) -> None:
    path = root / "boards/ulx3s/board.yaml"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ConfigError, match=r"boards/ulx3s/board.yaml: cannot read: not a regular file"):
        load_board("ulx3s", root)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("pin: G2", r'pin: "G2\nLOCATE COMP x"', "one line without control characters"),
        ("pin: G2", "pin: 'G2\" SITE \"A1'", "clock.pin.pin: 'G2\" SITE \"A1': should"),
        ("PULLMODE: NONE", "PULLMODE: 'NONE; LOCATE COMP x'", "PULLMODE: 'NONE; LOCATE COMP x': should"),
        ("PULLMODE: NONE", "'a b': NONE", "a b"),
        ("MASTER_SPI_PORT: ENABLE", "MASTER_SPI_PORT: 'E;'", "MASTER_SPI_PORT: 'E;': should"),
        ("board: ulx3s", "board: ../x", "flash.board: '../x': should"),
        ("device: 85k", "device: '85k --x'", "fpga.device: '85k --x': should"),
        ("fps: 100000", "fps: 1.0e+300", "target.fps: 1e+300: should be less than"),
    ],
)
def test_text_that_reaches_other_files_holds_nothing_but_a_word(root: Path, old: str, new: str, words: str) -> None:
    path = root / "boards/ulx3s/board.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_board("ulx3s", root)
    assert words in str(caught.value)
    assert "boards/ulx3s/board.yaml" in str(caught.value)


def test_brackets_in_a_title_are_shown_as_they_are(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = root / "boards/ulx3s/board.yaml"
    path.write_text(path.read_text().replace("title: ULX3S 85F", "title: 'X [/red]'"))
    out().print(board_table([load_board("ulx3s", root)]))
    assert "X [/red]" in " ".join(capsys.readouterr().out.split())


def test_one_broken_board_does_not_hide_the_others(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "boards/ulx3s/board.yaml").write_text(_BOMB)
    monkeypatch.setattr("toolchain.cli.listing.list_boards", lambda: list_boards(root))
    monkeypatch.setattr("toolchain.cli.listing.load_board", lambda name: load_board(name, root))
    with pytest.raises(typer.Exit) as caught:
        boards(as_json=False)
    assert caught.value.exit_code == 1
    printed = capsys.readouterr()
    assert "icebreaker" in printed.out
    assert "boards/ulx3s/board.yaml: not YAML: line 4" in printed.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("hidden: [128, 32]", "hidden: [1000000000000]", "network.hidden.0: 1000000000000: should be less than"),
        ("  seed: 1\nnetwork", "  seed: -1\nnetwork", "data.seed: -1: should be greater than"),
        ("steps: 8000", "steps: 1000000000000", "training.steps: 1000000000000: should be less than"),
    ],
)
def test_a_recipe_beyond_all_reason(root: Path, old: str, new: str, words: str) -> None:
    path = root / "models/cqmlp/recipes/default.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_recipe(load_model("cqmlp", root), "default")
    assert words in str(caught.value)
