from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fast.toolchain.test_found_models import make_model
from toolchain.cli.choose import name_of_model
from toolchain.errors import BuildError, ConfigError
from toolchain.found_models import find_model
from toolchain.layout import Request, layout_of
from toolchain.model_folder import ModelFolder
from toolchain.model_origin import keep_origin, must_have_its_name
from toolchain.report.show import latest_layout


def _built(folder: Path) -> ModelFolder:
    """The model, a build of which was begun."""
    keep_origin(layout_of(Request("ulx3s", folder.name, folder=str(folder))))
    return ModelFolder(folder.name, folder)


def test_another_folder_of_the_same_name_is_refused_until_the_first_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    first = _built(make_model(tmp_path / "a/net"))
    must_have_its_name(first)
    second = find_model(str(make_model(tmp_path / "b/net")))
    with pytest.raises(ConfigError) as caught:
        must_have_its_name(second)
    said = str(caught.value)
    assert said.startswith(f"MODEL: {second.path}: its builds would lie in {tmp_path}/build/net")
    assert f"those of {first.path}; rename" in said
    shutil.rmtree(first.path)
    must_have_its_name(second)


def test_the_command_that_builds_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    folder = _built(make_model(tmp_path / "net"))
    with pytest.raises(BuildError, match=rf"net has not been built for host yet; run .*MODEL={folder.path}`"):
        latest_layout("host", "net")
    for said in (f"{folder.path}/", "net"):
        assert name_of_model(said) == "net"
    other = make_model(tmp_path / "my other")
    with pytest.raises(BuildError, match=rf"my other/ has not been built yet; run .*MODEL='{other}'`"):
        name_of_model(f"{other}/")


def test_the_names_of_models_that_come_along_are_taken(tmp_path: Path) -> None:
    folder = find_model(str(make_model(tmp_path / "cqmlp")))
    with pytest.raises(ConfigError, match=r"which are those of .*/models/cqmlp; rename"):
        must_have_its_name(folder)


def test_a_note_that_cannot_be_read_claims_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWEAVE_BUILD_DIR", str(tmp_path / "build"))
    (tmp_path / "build/net").mkdir(parents=True)
    (tmp_path / "build/net/origin.json").write_text("[]")
    must_have_its_name(find_model(str(make_model(tmp_path / "net"))))
