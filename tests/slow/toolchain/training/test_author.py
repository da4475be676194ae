from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from toolchain.errors import DataError, ModelError
from toolchain.model_folder import ModelFolder
from toolchain.training.answers import must_answer
from toolchain.training.author import authors_code, model_code, recipe_schema, words_of
from toolchain.training.dataset import Dataset
from toolchain.training.inputs import Signature
from toolchain.training.sound import must_be_sound
from toolchain.training.words import Words

_SPLIT = np.array([0, 1, 2, 0, 2, 0], np.uint8)


def _dataset(**changed: Any) -> Dataset:
    whole = Dataset(
        packed=np.zeros((6, 3), np.uint8),
        y=np.array([0, 1, 0, 1, 1, 1], np.uint8),
        splits={"blocked": _SPLIT, "random": _SPLIT},
        classes=("normal", "attack"),
        input_type="UINT8",
        shape=(3,),
        kind="synthetic",
    )
    return dataclasses.replace(whole, **changed)


def test_a_sound_data_set_is_taken_as_it_is() -> None:
    dataset = _dataset()
    assert must_be_sound(dataset, "f") is dataset


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"y": np.array([0, 1, 0, 7, 1, 1], np.uint8)}, "y: holds class 7: should be 0 to 1"),
        ({"packed": np.zeros((6, 5), np.uint8)}, "packed: uint8 (6, 5): should be uint8 (6, 3)"),
        ({"packed": np.zeros((6, 3), np.float32)}, "quantise the inputs"),
        ({"input_type": "INT9"}, "input_type: 'INT9': should be one of BIPOLAR, BINARY, UINT1"),
        ({"input_type": "INT2", "packed": np.full((6, 3), 2, np.uint8)}, "packed: holds values that are not of INT2"),
        ({"shape": (3, 0)}, "shape: (3, 0): should be a tuple of whole numbers from 1"),
        ({"kind": "real data"}, "kind: 'real data': should be \"synthetic\", or one word for what was recorded"),
        ({"splits": {"blocked": _SPLIT}}, "splits: no 'random'"),
        ({"splits": {"blocked": _SPLIT, "random": _SPLIT * 0}}, "splits['random']: no row in 'validation'"),
        ({"classes": ("one", "one")}, "classes: ('one', 'one'): should be 2 to 255 different names"),
        ({"y": np.array([0, 1, 0, 1, 0, 1], np.uint8)}, "splits['blocked']: the test part holds one class only"),
        ({"columns": {"y": np.ones(6)}}, "columns: 'y': should be a name, and none that the file has already"),
        ({"columns": {"own": np.ones(3)}}, "columns['own']: should be an array of numbers (6,)"),
        ({"provenance": {"kind": "x"}}, "provenance: 'kind': the record holds this key already"),
        ({"provenance": {"own": {1}}}, "provenance: should be plain JSON"),
    ],
)
def test_each_mistake_in_a_data_set_names_the_field_and_what_it_should_be(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError) as caught:
        must_be_sound(_dataset(**changed), "models/mine/data.py")
    assert str(caught.value).startswith("models/mine/data.py: Dataset.")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (nn.Linear(5, 2), "the network refuses its 3 inputs"),
        (nn.Linear(3, 4), "the network gives (2, 4) for 2 rows; should be (2, 2)"),
        (torch.relu, "should be a torch.nn.Module"),
    ],
)
def test_a_network_that_does_not_fit_its_data(network: Any, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        must_answer(network, Signature((3,), "UINT8", 2), "models/mine/model.py: build()")
    assert words in str(caught.value)


@pytest.fixture
def mine(tmp_path: Path) -> ModelFolder:
    """An empty folder of a model."""
    folder = ModelFolder("mine", tmp_path / "mine")
    folder.path.mkdir()
    return folder


def _write(folder: ModelFolder, text: str, name: str = "data") -> None:
    (folder.path / f"{name}.py").write_text(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ndef build_dataset(:\n", "/mine/data.py:2: Python does not read it"),
        ("import nothing_like_this\n", "/mine/data.py:1: No module named 'nothing_like_this'"),
        ("1 / 0\n", "/mine/data.py:1: ZeroDivisionError: division by zero"),
        ("x = 1\n", "/mine/data.py: no build_dataset()"),
    ],
)
def test_a_file_that_does_not_load_is_named(mine: ModelFolder, text: str, words: str) -> None:
    _write(mine, text)
    with pytest.raises(ModelError) as caught:
        model_code(mine, "data")
    assert words in str(caught.value)


def test_a_missing_file_is_named(mine: ModelFolder) -> None:
    with pytest.raises(ModelError, match=r"/mine/model.py: missing; it should offer build\(\)"):
        model_code(mine, "model")


def test_what_the_code_raises_names_its_line_and_other_faults_stay(mine: ModelFolder) -> None:
    _write(mine, "def build_dataset():\n    return open('/no/such/file')\n")
    code = model_code(mine, "data")
    with (
        pytest.raises(ModelError, match=r"/mine/data.py:2: FileNotFoundError: .*no/such/file"),
        authors_code(mine),
    ):
        code.build_dataset()
    with pytest.raises(ZeroDivisionError), authors_code(mine):
        _ = 1 / 0


def test_a_model_without_words_has_rows(mine: ModelFolder) -> None:
    assert words_of(mine) == words_of(ModelFolder("somebody's-net.v2", mine.path / "absent")) == Words()


def test_words_of_a_model(mine: ModelFolder) -> None:
    _write(mine, "from toolchain.training.words import Words\nWORDS = Words(rows='images')\n", "words")
    assert words_of(mine).rows == "images"


def test_words_that_are_none(mine: ModelFolder) -> None:
    _write(mine, "WORDS = {'rows': 'images'}\n", "words")
    with pytest.raises(ModelError, match=r"/mine/words.py: WORDS: should be a toolchain.training.words.Words"):
        words_of(mine)


_SETTINGS = """
from toolchain.training.recipe import Settings
class DataSettings(Settings):
    colour: bool = False
class NetworkSettings(Settings):
    hidden: int
"""


def test_a_recipe_is_checked_by_the_models_own_schema(mine: ModelFolder) -> None:
    _write(mine, _SETTINGS, "settings")
    raw = {"title": "t", "network": {"hidden": 3}, "training": {"steps": 1, "merged_steps": 1}}
    recipe = recipe_schema(mine).model_validate(raw)
    dumped = recipe.model_dump()
    assert {"title", "data", "network", "training"} < set(dumped)
    assert [dumped[section] for section in ("fps", "lut_cost", "budget", "decision")] == [None] * 4
    assert (dumped["data"], dumped["network"]) == ({"colour": False}, {"hidden": 3})
    with pytest.raises(ValidationError, match=r"data.window\s+Extra inputs are not permitted"):
        recipe_schema(mine).model_validate({**raw, "data": {"window": 4}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("DataSettings = 1\n", "no NetworkSettings; see docs/adding-a-model.md"),
        (
            "DataSettings = NetworkSettings = dict\n",
            "DataSettings: should be a class made from toolchain.training.recipe",
        ),
    ],
)
def test_schemas_that_are_none(text: str, words: str, mine: ModelFolder) -> None:
    _write(mine, text, "settings")
    with pytest.raises(ModelError, match=r"/mine/settings.py: ") as caught:
        recipe_schema(mine)
    assert words in str(caught.value)


def test_folders_of_the_same_name_are_two_packages(mine: ModelFolder, tmp_path: Path) -> None:
    other = ModelFolder("mine", tmp_path / "other")
    other.path.mkdir()
    for folder, rows in ((mine, "images"), (other, "records")):
        _write(folder, f"ROWS = {rows!r}\n", "own")
        text = "from toolchain.training.words import Words\nfrom .own import ROWS\nWORDS = Words(rows=ROWS)\n"
        _write(folder, text, "words")
    assert [words_of(folder).rows for folder in (mine, other)] == ["images", "records"]


@pytest.mark.parametrize("line", ["from settings import A", "from models.mine.settings import A"])
def test_a_file_of_a_folder_elsewhere_is_imported_with_a_dot(line: str, mine: ModelFolder) -> None:
    _write(mine, _SETTINGS, "settings")
    _write(mine, f"{line}\n", "model")
    with pytest.raises(ModelError, match=r"mine/model.py:1: .*with a dot: from .<file> import"):
        model_code(mine, "model")
