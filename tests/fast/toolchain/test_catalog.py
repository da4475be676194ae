from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from toolchain.catalog import list_boards, list_models, load_board, load_model, load_recipe
from toolchain.errors import ConfigError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "boards", tmp_path / "boards")
    shutil.copytree(REPOSITORY / "models", tmp_path / "models")
    return tmp_path


def _edit(root: Path, old: str, new: str) -> None:
    path = root / "boards/ulx3s/board.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_every_board_and_model_of_the_repository_is_well_formed() -> None:
    assert {"ulx3s", "icebreaker", "tangnano9k"} <= set(list_boards())
    assert "cqmlp" in list_models()
    for name in list_boards():
        assert load_board(name).name == name
    for name in list_models():
        model = load_model(name)
        assert "default" in model.recipes
        for recipe in model.recipes:
            assert load_recipe(model, recipe).title


@pytest.mark.parametrize(
    ("name", "near"), [("ulx3", "did you mean ulx3s?"), ("ICEBREAKER", "did you mean icebreaker?"), ("zzz", "(known: ")]
)
def test_unknown_board_names_near_matches_and_all_others(root: Path, name: str, near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_board(name, root)
    assert near in str(caught.value)
    assert "icebreaker, " in str(caught.value)


def test_a_word_that_yaml_reads_as_a_number_is_to_be_quoted(root: Path) -> None:
    _edit(root, 'speed: "6"', "speed: 6")
    with pytest.raises(ConfigError, match=r"fpga\.speed: 6: should be a valid string; put quotes around it$"):
        load_board("ulx3s", root)


def test_unknown_model_and_recipe(root: Path) -> None:
    with pytest.raises(ConfigError, match="unknown model 'cqmpl'; did you mean cqmlp"):
        load_model("cqmpl", root)
    with pytest.raises(ConfigError, match="unknown recipe of cqmlp 'defualt'; did you mean default"):
        load_recipe(load_model("cqmlp", root), "defualt")


@pytest.mark.parametrize(
    ("offset", "said"),
    [("0x20800", "should be a multiple of 65536"), ("0xff0000", "should be 0xfe0000 at most"), ("0", "greater than 0")],
)
def test_weights_lie_in_the_flash_at_a_block_that_is_erased(root: Path, offset: str, said: str) -> None:
    path = root / "boards/icebreaker/board.yaml"
    path.write_text(path.read_text().replace("0x20000", offset))
    with pytest.raises(ConfigError, match=rf"icebreaker/board.yaml: flash.memory.offset: .*{said}"):
        load_board("icebreaker", root)


def test_a_new_folder_is_a_new_board(root: Path) -> None:
    shutil.copytree(root / "boards/ulx3s", root / "boards/mine")
    path = root / "boards/mine/board.yaml"
    path.write_text(path.read_text().replace("name: ulx3s", "name: mine"))
    assert load_board("mine", root).name == "mine"


def test_the_name_must_be_the_folders(root: Path) -> None:
    _edit(root, "name: ulx3s", "name: other")
    with pytest.raises(ConfigError, match=r"boards/ulx3s/board.yaml: name: 'other': should be 'ulx3s'"):
        load_board("ulx3s", root)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("flow: fpga_open", "flow: magic", "flow: 'magic': should be 'fpga_open', 'fpga_amd', 'ort' or 'mcu'"),
        ("baud: 1000000", "baud: fast", "host_link.baud: 'fast': should be a valid integer"),
        ("share: 0.8", "share: 7", "target.share: 7: should be less than or equal to 1"),
        (
            "share: 0.8",
            "shares: 0.8",
            "target.shares: unknown key; allowed: bram_share, fps, share; did you mean share",
        ),
        ("vendor: Radiona\n", "", "vendor: missing; add this key"),
        ("  mhz: 25\n", "", "clock.mhz: missing; add this key"),
    ],
)
def test_malformed_board_names_file_key_value_and_allowed(root: Path, old: str, new: str, words: str) -> None:
    _edit(root, old, new)
    with pytest.raises(ConfigError) as caught:
        load_board("ulx3s", root)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_addresses_that_the_processor_does_not_reach(root: Path) -> None:
    path = root / "boards/zcu104/board.yaml"
    path.write_text(path.read_text().replace("0xA0010000", "0x40010000"))
    with pytest.raises(ConfigError, match=r"zcu104/board.yaml: host_link.dma: 0x40010000: should be a multiple of"):
        load_board("zcu104", root)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: [", "line 2: not YAML"),
        ("a: b: c\n", "line 1: not YAML"),
        ("just words", "expected `key: value` lines, found 'just words'"),
        ("", "expected `key: value` lines, found None"),
    ],
)
def test_what_is_no_yaml_mapping_is_named_with_its_line(root: Path, text: str, words: str) -> None:
    (root / "boards/ulx3s/board.yaml").write_text(text + "\n" if text == "name: [" else text)
    with pytest.raises(ConfigError) as caught:
        load_board("ulx3s", root)
    assert words in str(caught.value)


def test_bytes_that_are_no_text(root: Path) -> None:
    (root / "boards/ulx3s/board.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not YAML"):
        load_board("ulx3s", root)


def test_malformed_recipe(root: Path) -> None:
    path = root / "models/cqmlp/recipes/default.yaml"
    path.write_text(path.read_text().replace("weight_bits: 2", "weight_bits: 99"))
    with pytest.raises(ConfigError, match=r"recipes/default.yaml: network.weight_bits: 99: should be less than"):
        load_recipe(load_model("cqmlp", root), "default")
