from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from toolchain.catalog import list_models, load_model
from toolchain.errors import ConfigError
from toolchain.found_models import SEARCHED, find_model, find_models
from toolchain.model_folder import ModelFolder


def make_model(folder: Path) -> Path:
    """A model's folder with the files that are looked for."""
    (folder / "recipes").mkdir(parents=True)
    (folder / "model.py").touch()
    (folder / "recipes/default.yaml").touch()
    return folder


def test_a_folder_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model(tmp_path / "my net")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for said in (str(folder), "./my net", "~/my net/"):
        assert find_model(said) == ModelFolder("my-net", folder)
    assert load_model("./my net").recipes == ("default",)
    with pytest.raises(ConfigError, match=r"for the folder beside you say MODEL=\./here"):
        make_model(tmp_path / "here")
        find_model("here")


def test_a_link_is_the_folder_that_it_leads_to(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "net")
    (tmp_path / "link").symlink_to(folder)
    assert find_model(f"{tmp_path}/link") == ModelFolder("net", folder)


def test_a_model_that_comes_along_is_the_same_by_its_folder() -> None:
    model = find_model(str(REPOSITORY / "models/cqmlp"))
    assert model == find_model("cqmlp")
    assert (model.is_outside, model.shown) == (False, "models/cqmlp")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("./absent", "MODEL: ./absent: no such folder; `gateweave new` makes one"),
        ("./file", "MODEL: ./file: is a file; name the folder that holds it"),
        ("./empty", "MODEL: ./empty: no model.py in this folder; see docs"),
        ("./holds", "no model.py in this folder; it holds net: name one of them"),
        ("./模", "its name has no letter or digit of ASCII; rename the folder"),
    ],
)
def test_what_is_no_models_folder(said: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    make_model(tmp_path / "holds/net")
    make_model(tmp_path / "模")
    with pytest.raises(ConfigError) as caught:
        find_model(said)
    assert words in str(caught.value)


def test_a_folder_without_a_recipe_names_the_file_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "model.py").touch()
    with pytest.raises(ConfigError, match=rf"no recipe; add {tmp_path}/recipes/default\.yaml"):
        load_model(f"{tmp_path}/")


def test_further_folders_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = make_model(tmp_path / "a/one"), make_model(tmp_path / "b/two")
    monkeypatch.setenv(SEARCHED, f"{tmp_path}/a{os.pathsep}{os.pathsep}{tmp_path}/b{os.pathsep}{tmp_path}/a")
    assert {"cqmlp", "one", "two"} <= set(list_models())
    assert (find_model("one").path, find_model("two").path) == (first, second)
    assert [folder.name for folder in find_models()] == list_models()


def test_two_models_of_one_name_must_be_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model(tmp_path / "cqmlp")
    monkeypatch.setenv(SEARCHED, str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        find_model("cqmlp")
    assert f"{REPOSITORY}/models/cqmlp and in {folder}; name its folder" in str(caught.value)


@pytest.mark.parametrize(
    ("place", "words"),
    [("absent", "no such folder; mend the variable"), ("a/net", "is a model itself; give the folder that holds it")],
)
def test_a_folder_that_cannot_be_searched(
    place: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path / "a/net")
    monkeypatch.setenv(SEARCHED, str(tmp_path / place))
    with pytest.raises(ConfigError) as caught:
        find_models()
    assert str(caught.value).startswith(f"{SEARCHED}: {tmp_path}/{place}: ")
    assert words in str(caught.value)


def _install(site: Path, value: str) -> None:
    """A package that offers the model `offered`."""
    (site / "theirs-1.dist-info").mkdir(parents=True)
    (site / "theirs-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (site / "theirs-1.dist-info/entry_points.txt").write_text(f"[gateweave.models]\noffered = {value}\n")
    sys.modules.pop("theirs", None)


def test_an_installed_package_offers_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    _install(tmp_path, "theirs.net")
    folder = make_model(tmp_path / "theirs/net")
    for package in (folder, folder.parent):
        (package / "__init__.py").write_text("")
    assert find_model("offered") == ModelFolder("offered", folder)


@pytest.mark.parametrize(
    ("value", "words"),
    [("theirs.absent", "theirs.absent of gateweave.models: "), ("json", "no package with a model.py")],
)
def test_what_an_installed_package_offers_in_vain(
    value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    _install(tmp_path, value)
    with pytest.raises(ConfigError, match="entry point offered = ") as caught:
        find_models()
    assert words in str(caught.value)
