from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fast.models.idx_files import write_folder
from tests.fast.toolchain.training.datasets.test_sounds import write_wav
from toolchain.catalog import load_model, load_recipe
from toolchain.cli.new import kinds, new
from toolchain.errors import ConfigError, DataError, GateweaveError
from toolchain.layout import ROOT
from toolchain.training.datasets.settings import DataSettings, WindowSettings


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty lines of two columns and a class."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "flowers.csv"
    lines = [f"{row},{row * row % 7},{'ab'[row % 2]}" for row in range(40)]
    path.write_text("\n".join(["length,width,species", *lines, ""]))
    return path


def _data(folder: str) -> DataSettings:
    """The section of the recipe that was written, as a build would read it."""
    section = load_recipe(load_model(folder), "default").data
    assert isinstance(section, DataSettings)
    return section


@pytest.mark.parametrize("kind", ["mlp", "cnn", "depthwise", "residual"])
def test_the_folder_is_whole_and_its_network_is_the_kinds_own(kind: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.zeros((30, 6, 6), np.uint8), y=np.arange(30) % 3)
    folder = tmp_path / "my-net"
    new(str(folder), kind, str(tmp_path / "d.npz"), None)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["README.md", "model.py", "recipes/default.yaml", "settings.py", "test_my_net.py"]
    for name in ("model.py", "settings.py"):
        assert (folder / name).read_text() == (ROOT / "toolchain/kinds" / kind / name).read_text()
    recipe = load_recipe(load_model(str(folder)), "default")
    assert (recipe.fps, recipe.network.weight_bits) == (10_000, 4)
    assert recipe.data.path == "../d.npz"
    assert load_model(str(folder)).title == "my-net"
    compile((folder / "test_my_net.py").read_text(), "test", "exec")
    assert "dataset.shape == (1, 6, 6)" in (folder / "test_my_net.py").read_text()


def test_kinds_are_the_folders() -> None:
    assert kinds() == ["cnn", "depthwise", "mlp", "residual"]


def test_a_table_and_what_is_told_of_it(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new("flowers", None, "flowers.csv", None)
    told = capsys.readouterr().out
    assert "40 rows of 2 UINT8, classes: a, b; random split: 28 train, 6 validation, 6 test" in told
    table = [line.split() for line in told.splitlines()]
    assert ["a", "14", "3", "3"] in table
    assert ["b", "14", "3", "3"] in table
    assert "taken for granted: class: column 'species', by its name" in told
    assert "next  gateweave build --board ulx3s --model ./flowers" in told
    assert (_data("./flowers").label, _data("./flowers").path) == ("species", "../flowers.csv")


def test_another_column_is_the_class_where_the_person_says_so(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table.write_text(table.read_text().replace("species", "sort").replace("width", "half"))
    new("one", None, "flowers.csv", None)
    new("two", None, "flowers.csv", "half")
    assert (_data("./one").label, _data("./two").label) == ("sort", "half")
    assert _data("./two").columns == ("length",)
    assert "taken for granted: left out, being no numbers: sort" in capsys.readouterr().out


def test_data_elsewhere_are_named_by_their_whole_path(table: Path) -> None:
    Path("inner").mkdir()
    new("inner/flowers", None, str(table), None)
    assert _data("inner/flowers").path == str(table)


@pytest.mark.parametrize(("rate", "frame", "bands"), [(1000, 32, 4), (22050, 512, 32), (192_000, 4096, 32)])
def test_sounds_of_any_rate_are_begun(rate: int, frame: int, bands: int, tmp_path: Path) -> None:
    for index in range(20):
        write_wav(tmp_path / "w" / "ab"[index % 2] / f"{index}.wav", np.arange(20) * index, rate=rate)
    new(str(tmp_path / "net"), None, str(tmp_path / "w"), None)
    sound = _data(str(tmp_path / "net")).sound
    assert (sound.rate, sound.frame, sound.bands) == (rate, frame, bands)


def test_rows_that_are_steps_of_time(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{row % 9},{row % 5},{'ab'[row // 50 % 2]}" for row in range(400)]
    table.write_text("\n".join(["one,two,state", *lines]))
    new("steps", None, "flowers.csv", None, 10)
    assert "40 windows of 1 x 10 x 2 UINT8" in capsys.readouterr().out
    assert _data("./steps").windows == WindowSettings(length=10, step=10)
    assert "convolution" in Path("steps/model.py").read_text()
    Path("sounds/a").mkdir(parents=True)
    write_wav(Path("sounds/a/1.wav"), np.arange(900))
    with pytest.raises(ConfigError, match="--window: goes with format: csv or npz; leave it out"):
        new("other", None, "sounds", None, 10)


def test_archives_of_other_names(tmp_path: Path) -> None:
    x, y = np.zeros((20, 4), np.uint8), np.arange(20) % 2
    np.savez(tmp_path / "d.npz", features_train=x, labels_train=y, features_test=x, labels_test=y)
    new(str(tmp_path / "net"), None, str(tmp_path / "d.npz"), None)
    section = _data(str(tmp_path / "net"))
    assert (section.columns, section.label, section.split.by) == (("features",), "labels", "given")


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "idx").mkdir()
    write_folder(tmp_path / "idx")
    for index in range(20):
        image, sound = (
            tmp_path / kind / "ab"[index % 2] / f"{index}{end}" for kind, end in (("i", ".png"), ("w", ".wav"))
        )
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (80, 60 + index)).save(image)
        write_wav(sound, np.arange(2000) % (50 + index))
    made = {}
    for name in ("idx", "i", "w"):
        new(str(tmp_path / f"net-{name}"), None, str(tmp_path / name), None)
        made[name] = _data(str(tmp_path / f"net-{name}"))
    assert (made["idx"].format, made["idx"].split.by) == ("idx", "given")
    assert (made["i"].format, made["i"].images.height, made["i"].split.by) == ("images", 32, "random")
    sound = made["w"].sound
    assert (sound.rate, sound.seconds, sound.frame, sound.bands) == (8000, 0.25, 256, 32)


@pytest.mark.parametrize(
    ("name", "kind", "data", "label", "words"),
    [
        ("flowers.csv", None, "flowers.csv", None, "flowers.csv: is there already; take another name, or remove it"),
        ("my net", None, "flowers.csv", None, "NAME: 'my net': should be of ASCII letters, .* such as my-net"),
        ("no/such/net", None, "flowers.csv", None, "no/such: no such folder; make it first"),
        (
            "net",
            "cn",
            "flowers.csv",
            None,
            "--kind: 'cn': should be one of cnn, depthwise, mlp, residual; did you mean cnn",
        ),
        ("net", "residual", "flowers.csv", None, "--kind: residual: takes images, .* not rows of 2; take mlp"),
        ("net", None, "absent.csv", None, r"DATA: .*absent\.csv: no such file or folder"),
        ("net", None, "odd.txt", None, r"DATA: .*odd\.txt: neither an npz, a CSV"),
        ("net", None, "empty", None, "DATA: .*empty: neither an npz"),
        ("net", None, "empty", "a", "--label: .*empty is a folder, whose classes are its folders"),
        ("net", None, "flowers.csv", "kind", r"flowers\.csv: no column 'kind'"),
        ("net", None, "odd.npz", None, r"odd\.npz: holds z: no array of inputs, such as x"),
        ("net", None, "odd.csv", None, r"odd\.csv: line 3: 1 cells where the header has 2"),
    ],
)
def test_what_cannot_be_begun_leaves_nothing(
    name: str, kind: str | None, data: str, label: str | None, words: str, table: Path
) -> None:
    Path("odd.txt").touch()
    Path("odd.csv").write_text("a,class\n1,x\n2\n")
    Path("empty").mkdir()
    np.savez("odd.npz", z=np.zeros(3))
    before = sorted(table.parent.iterdir())
    with pytest.raises((ConfigError, DataError), match=words):
        new(name, kind, data, label)
    assert sorted(table.parent.iterdir()) == before


def test_a_folder_that_may_not_be_written(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(GateweaveError, match="flowers: cannot write: Permission denied"):
        new("flowers", None, "flowers.csv", None)
    assert [path.name for path in table.parent.iterdir()] == ["flowers.csv"]
