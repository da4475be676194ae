from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import models
from toolchain.errors import DataError, ModelError
from toolchain.training.author import authors_code, model_code
from toolchain.training.dataset import Dataset
from toolchain.training.sound import must_answer, must_be_sound

_SPLIT = np.array([0, 1, 2, 0], np.uint8)


def _dataset(**changed: Any) -> Dataset:
    whole = Dataset(
        packed=np.zeros((4, 3), np.uint8),
        y=np.array([0, 1, 0, 1], np.uint8),
        identifier=np.zeros(4, np.uint32),
        capture=np.zeros(4, np.uint16),
        splits={"blocked": _SPLIT, "random": _SPLIT},
        classes=("normal", "attack"),
        parts=("train", "validation", "test"),
        input_type="UINT8",
        inputs=3,
        encoding="own",
        window=1,
        seed=1,
        kind="synthetic",
        captures=(),
        notices=(),
    )
    return dataclasses.replace(whole, **changed)


def test_a_sound_data_set_is_taken_as_it_is() -> None:
    dataset = _dataset()
    assert must_be_sound(dataset, "f") is dataset


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"y": np.array([0, 1, 0, 7], np.uint8)}, "y: holds class 7: should be 0 to 1"),
        ({"packed": np.zeros((4, 5), np.uint8)}, "packed: uint8 (4, 5): should be uint8 (4, 3)"),
        ({"packed": np.zeros((4, 3), np.float32)}, "quantise the inputs"),
        ({"input_type": "INT8"}, 'input_type: \'INT8\': should be "BINARY" or "UINT8"'),
        ({"kind": "real"}, 'kind: \'real\': should be "synthetic" or "captures"'),
        ({"splits": {"blocked": _SPLIT}}, "splits: no 'random'"),
        ({"splits": {"blocked": _SPLIT, "random": _SPLIT * 0}}, "splits['random']: no window in 'validation'"),
        ({"classes": ("one", "one")}, "classes: ('one', 'one'): should be 2 to 255 different names"),
        ({"capture": np.ones(4, np.uint16)}, "capture: holds 1: should be an index into captures"),
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
        (nn.Linear(3, 4), "the network gives (2, 4) for 2 windows; should be (2, 2)"),
        (torch.relu, "should be a torch.nn.Module"),
    ],
)
def test_a_network_that_does_not_fit_its_data(network: Any, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        must_answer(network, 3, 2, "models/mine/model.py: build()")
    assert words in str(caught.value)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    folder = tmp_path / "models/mine"
    folder.mkdir(parents=True)
    monkeypatch.setattr(models, "__path__", [str(tmp_path / "models")])
    yield lambda text: print((folder / "data.py").write_text(text))
    for name in [name for name in sys.modules if name.startswith("models.mine")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ndef build_dataset(:\n", "models/mine/data.py:2: Python does not read it"),
        ("import nothing_like_this\n", "models/mine/data.py:1: No module named 'nothing_like_this'"),
        ("1 / 0\n", "models/mine/data.py:1: ZeroDivisionError: division by zero"),
        ("x = 1\n", "models/mine/data.py: no function build_dataset()"),
    ],
)
def test_a_file_that_does_not_load_is_named(write: Callable[[str], None], text: str, words: str) -> None:
    write(text)
    with pytest.raises(ModelError) as caught:
        model_code("mine", "data")
    assert words in str(caught.value)


def test_a_missing_file_is_named(write: Callable[[str], None]) -> None:
    with pytest.raises(ModelError, match=r"models/mine/model.py: missing; it should offer build\(\), merge\(\)"):
        model_code("mine", "model")


def test_what_the_code_raises_names_its_line_and_other_faults_stay(write: Callable[[str], None]) -> None:
    write("def build_dataset():\n    return open('/no/such/file')\n")
    code = model_code("mine", "data")
    with (
        pytest.raises(ModelError, match=r"models/mine/data.py:2: FileNotFoundError: .*no/such/file"),
        authors_code("mine"),
    ):
        code.build_dataset()
    with pytest.raises(ZeroDivisionError), authors_code("mine"):
        _ = 1 / 0
