"""The command that begins a model: a folder that builds at once, from a file or folder of data."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from toolchain.cli.following import ENOUGH_FPS, after_new, tell_next
from toolchain.cli.listing import table_of
from toolchain.console import out
from toolchain.errors import ConfigError
from toolchain.files import unwritten
from toolchain.layout import ROOT, plain_name
from toolchain.training.dataset import Dataset
from toolchain.training.datasets.build import build_dataset, describe
from toolchain.training.datasets.guess import guess
from toolchain.training.datasets.settings import DataSettings
from toolchain.training.sound import must_be_sound
from toolchain.training.splits import PARTS
from toolchain.training.words import Words
from toolchain.yaml_file import near_matches

_KINDS = ROOT / "toolchain" / "kinds"
_COPIED = ("model.py", "settings.py")
_ALL_NAMED = 20

_TRAINING = {
    "steps": 1500,
    "merged_steps": 500,
    "batch": 128,
    "learning_rate": 0.006,
    "merged_learning_rate": 0.002,
    "weight_decay": 0.02,
    "rare_share": 0.0,
    "seed": 1,
}


@dataclass(frozen=True)
class _Begun:
    """A model that is about to be written.

    Attributes:
        section: its recipe's `data`.
        described: its data in words.
    """

    folder: Path
    kind: str
    section: Mapping[str, Any]
    dataset: Dataset
    described: str

    @property
    def name(self) -> str:
        return self.folder.name


def kinds() -> list[str]:
    """Kinds of networks that a model can begin with."""
    return sorted(path.parent.name for path in _KINDS.glob("*/model.py"))


def new(name: str, kind: str | None, data: str, label: str | None = None, window: int | None = None) -> None:
    """Write the folder of a new model, and say what was taken for granted and what comes next.

    Args:
        name: of the folder, which may lie anywhere.
        kind: of the network; None: dense layers for rows of numbers, convolutions for grids.
        data: a file or folder.
        label: the column or array of the class; None: what seems to be it.
        window: rows are steps of time, of which so many are one input.

    Raises:
        ConfigError: the name cannot be one, is taken, or kind or window do not go with the data.
        DataError: the data cannot be used.
    """
    folder = _folder(name)
    _must_be_known(kind)
    path = Path(os.path.realpath(os.path.expanduser(data)))
    out().print(f"reading {data} ...")
    guessed = guess(path, label)
    section = {"format": guessed.section["format"], "path": _from(folder, path), **guessed.section, **_windows(window)}
    dataset = must_be_sound(build_dataset(path, _checked(section)), data)
    begun = _Begun(folder, _fitting(kind, dataset), section, dataset, describe(dataset, Words().rows_of(dataset.kind)))
    _write(begun)
    _tell(begun, guessed.said, name)


def _windows(length: int | None) -> dict[str, Any]:
    """Windows that share no step, so that rows may be dealt at random."""
    return {} if length is None else {"windows": {"length": length, "step": length}}


def _checked(section: Mapping[str, Any]) -> DataSettings:
    try:
        return DataSettings.model_validate(section)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ").removeprefix("windows: ")
        raise ConfigError(f"--window: {said}") from None


def _folder(name: str) -> Path:
    folder = Path(os.path.abspath(os.path.expanduser(name)))
    if not folder.name or plain_name(folder.name) != folder.name:
        fit = plain_name(folder.name) or "mymodel"
        raise ConfigError(f"NAME: {name!r}: should be of ASCII letters, digits, _ and -, such as {fit}")
    if folder.exists() or folder.is_symlink():
        raise ConfigError(f"NAME: {folder}: is there already; take another name, or remove it")
    if not folder.parent.is_dir():
        raise ConfigError(f"NAME: {folder.parent}: no such folder; make it first")
    return folder


def _must_be_known(kind: str | None) -> None:
    if kind is not None and kind not in kinds():
        raise ConfigError(f"--kind: {kind!r}: should be one of {', '.join(kinds())}{near_matches(kind, kinds())}")


def _fitting(kind: str | None, dataset: Dataset) -> str:
    is_grid = len(dataset.shape) == 3
    if kind not in {None, "mlp"} and not is_grid:
        raise ConfigError(
            f"--kind: {kind}: takes images, windows or recordings, not rows of {dataset.inputs}; take mlp"
        )
    return kind or ("cnn" if is_grid else "mlp")


def _from(folder: Path, path: Path) -> str:
    """The path as the recipe names it: from the model's folder where both lie in one folder, else absolute."""
    near = path.is_relative_to(folder.parent.resolve())
    return os.path.relpath(path, folder.parent.resolve() / folder.name) if near else str(path)


def _write(begun: _Begun) -> None:
    """All files, or nothing."""
    try:
        with tempfile.TemporaryDirectory(dir=begun.folder.parent, prefix=f".{begun.name}.") as work:
            made = Path(work) / begun.name
            for name, text in _files(begun).items():
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                (made / name).write_text(text, encoding="utf-8")
            made.rename(begun.folder)
    except OSError as error:
        raise unwritten(begun.folder, error) from error


def _files(begun: _Begun) -> dict[str, str]:
    copied = {name: (_KINDS / begun.kind / name).read_text(encoding="utf-8") for name in _COPIED}
    made = {"recipes/default.yaml": _recipe(begun), "README.md": _readme(begun)}
    return {**copied, **made, _test_file(begun): _test(begun)}


def _test_file(begun: _Begun) -> str:
    return f"test_{re.sub(r'[^A-Za-z0-9]', '_', begun.name)}.py"


def _recipe(begun: _Begun) -> str:
    network = import_module(f"toolchain.kinds.{begun.kind}.settings").NetworkSettings().model_dump(mode="json")
    parts = [
        _yaml({"title": f"{begun.name} by {_WORDS[begun.kind]}", "fps": ENOUGH_FPS}, short=False),
        _yaml({"data": dict(begun.section)}),
        _yaml({"network": network}),
        _yaml({"training": _TRAINING}, short=False),
    ]
    return "".join(parts)


def _yaml(section: Mapping[str, Any], *, short: bool = True) -> str:
    """One section; the innermost lists and mappings in a line where it is to be short."""
    return yaml.safe_dump(
        dict(section), sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=None if short else False
    )


_WORDS = {
    "mlp": "dense layers",
    "cnn": "convolutions",
    "depthwise": "depthwise convolutions",
    "residual": "residual blocks",
}


def _readme(begun: _Begun) -> str:
    return f"""# {begun.name}

A network of {_WORDS[begun.kind]} for {len(begun.dataset):,} {begun.described}.

| file | what |
|---|---|
| `model.py` | the network |
| `settings.py` | what a recipe may set of it |
| `recipes/default.yaml` | the data, their split, the training, the rate (`fps`); others beside it: `--recipe NAME` |
| `{_test_file(begun)}` | `python -m pytest {begun.name}`: the data can be read, the untrained network is exact |

```
gateweave build --board ulx3s --model ./{begun.name}
gateweave show --board ulx3s --model ./{begun.name}
```

## Results

None yet: `gateweave show` prints them after a build.
"""


def _test(begun: _Begun) -> str:
    classes = begun.dataset.classes
    few = len(classes) <= _ALL_NAMED
    told = f"dataset.classes == {classes!r}" if few else f"len(dataset.classes) == {len(classes)}"
    return f'''"""What can be told before a training."""

from pathlib import Path

from gateweave.toolchain.model_trial import try_model


def test_the_data_can_be_read_and_the_network_is_exact_in_integers() -> None:
    dataset = try_model(Path(__file__).parent)
    assert dataset.shape == {begun.dataset.shape!r}
    assert {told}
'''


def _split_table(dataset: Dataset) -> Table:
    """Rows by class and part, of the first classes where there are many."""
    counts = dataset.counts("blocked")
    table = table_of("class", *PARTS, numbers=PARTS)
    for name in dataset.classes[:_ALL_NAMED]:
        table.add_row(Text(name), *(f"{counts[part][name]:,}" for part in PARTS))
    return table


def _tell(begun: _Begun, said: tuple[str, ...], name: str) -> None:
    console = out()
    console.print(f"{len(begun.dataset):,} {begun.described}")
    console.print(_split_table(begun.dataset))
    for line in said:
        console.print(f"taken for granted: {line}")
    recipe = Path(name) / "recipes" / "default.yaml"
    console.print(f"{_WORDS[begun.kind]} for them: {Path(name) / 'model.py'}; data and training: {recipe}")
    where = name if os.sep in name or name.startswith((".", "~")) else f"./{name}"
    tell_next(console, after_new(where))
