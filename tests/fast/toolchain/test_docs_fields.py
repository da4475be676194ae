from __future__ import annotations

import re
from dataclasses import fields

import pytest

from tests.conftest import REPOSITORY
from toolchain.board import AmdBoard, Axi, Board, OpenBoard, ProcessingSystem, Uart
from toolchain.training.dataset import Dataset


def test_every_field_of_a_data_set_is_documented() -> None:
    text = (REPOSITORY / "docs/adding-a-model.md").read_text()
    assert [field.name for field in fields(Dataset) if f"`{field.name}`" not in text] == []


@pytest.mark.parametrize("schema", [OpenBoard, AmdBoard, ProcessingSystem, Axi, Uart])
def test_every_key_of_a_board_is_documented(schema: type[Board]) -> None:
    text = (REPOSITORY / "docs/adding-a-board.md").read_text()
    told = {part for code in re.findall(r"`([\w.]+)[`:]", text) for part in code.split(".")}
    assert [name for name in schema.model_fields if name not in told] == []
