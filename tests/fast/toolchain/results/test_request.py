"""What was asked for, read back: equal, or refused by the name of what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolchain.errors import BuildError
from toolchain.layout import Request
from toolchain.results.request import plain, read_newest, read_request, request_of, write_newest, write_request

REQUEST = Request("b", "m", "r", "/d", "unrolled", 3.5, wheels=True, vectors=40)


def test_it_survives_json(tmp_path: Path) -> None:
    write_request(tmp_path / "request.json", REQUEST)
    assert read_request(tmp_path / "request.json") == REQUEST
    assert request_of(plain(Request("b", "m", fps="max"))).variant == "default-folded-fpsmax"


def test_that_of_an_older_build_is_read() -> None:
    older = {name: value for name, value in plain(REQUEST).items() if name not in ("outputs", "test")}
    assert request_of(older) == REQUEST


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"surplus": 1}, "surplus: 1: Unexpected keyword argument"),
        ({"board": None}, "board: null: Input should be a valid string"),
        ({"test": True}, "test: True: Input should be a valid string"),
        ({"wheels": "yes"}, "wheels: 'yes': Input should be a valid boolean"),
        ({"vectors": 1.5}, "vectors: 1.5: Input should be a valid integer"),
        ({"outputs": "x"}, "outputs: 'x': Input should be 'classes' or 'values'"),
        ({"board": "../../etc"}, "board '../../etc': is no plain name"),
        ({"recipe": "a/b"}, "recipe 'a/b': is no plain name"),
        ({"flow": "x"}, "flow: 'x', should be one of fpga_open, "),
        ({"strategy": []}, r"strategy: a list of 0: Input should be a valid string"),
    ],
)
def test_what_cannot_be_is_named(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BuildError, match=f"here: .*{said}"):
        request_of({**plain(REQUEST), **change}, "here")


@pytest.mark.parametrize("content", ["", "[", "[" * 100_000, "3", "[]", "\xff"])
def test_what_is_no_request_is_refused_with_its_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "request.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(BuildError, match=r"request\.json: "):
        read_request(tmp_path / "request.json")


def test_a_missing_key_is_named() -> None:
    with pytest.raises(BuildError, match="board: is missing"):
        request_of({"model": "m"})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"nothing\.json: no request \(No such file or directory\); run"):
        read_request(tmp_path / "nothing.json")


def test_the_newest_build_is_told_and_read_back(tmp_path: Path) -> None:
    write_newest(tmp_path / "latest.json", REQUEST)
    assert read_newest(tmp_path / "latest.json") == REQUEST


@pytest.mark.parametrize("content", ["3", "{}"])
def test_what_names_no_newest_build_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "latest.json").write_text(content)
    with pytest.raises(BuildError, match=r"latest\.json: no request in it; run `make build` again"):
        read_newest(tmp_path / "latest.json")
