"""Files of weights are read as tensors alone: code in one is named and not run."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from toolchain.errors import ModelError
from toolchain.quantise.weight_files import load_weights


class _Harm:
    def __reduce__(self) -> Any:
        return os.system, ("touch harmed",)


@pytest.mark.parametrize("harm", [_Harm(), subprocess.Popen])
def test_a_pickle_that_would_run_code_is_refused(harm: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"w": harm}, "c.pt")
    with pytest.raises(ModelError, match=r"c\.pt: would run (posix\.system|\w+\.Popen), .* nothing of it was run"):
        load_weights(Path("c.pt"))
    assert not Path("harmed").exists()


@pytest.mark.parametrize("suffix", ["pt", "npz", "pt2", "safetensors"])
@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04rest"])
def test_what_is_no_checkpoint_is_refused(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"c.{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"c\.{suffix}: (no checkpoint of weights: |holds more than tensors)"):
        load_weights(path)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "c.pt2"
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).eval()
    torch.export.save(torch.export.export(network, (torch.zeros(2, 3),)), path)
    return path


def _altered(path: Path, to: Path, change: dict[str, Any], pack: int = zipfile.ZIP_STORED) -> Path:
    """The same file with other words about its first weight."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w", pack) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("model_weights_config.json"):
                listed = json.loads(content)
                weight = listed["config"]["0.weight"]
                weight.update({key: value for key, value in change.items() if key in weight})
                weight["tensor_meta"].update({key: value for key, value in change.items() if key not in weight})
                content = json.dumps(listed).encode()
            new.writestr(name, content)
    return to


def test_an_exported_program_gives_its_weights_alone(exported: Path) -> None:
    weights = load_weights(exported)
    assert {name: tuple(value.shape) for name, value in weights.items()} == {
        "0.weight": (4, 3),
        "0.bias": (4,),
        "1.weight": (4,),
        "1.bias": (4,),
        "1.running_mean": (4,),
        "1.running_var": (4,),
        "1.num_batches_tracked": (),
    }
    assert weights["1.running_var"].equal(torch.ones(4))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"use_pickle": True}, "0.weight is kept as a pickle, which could run code; it was not opened"),
        ({"path_name": "../../../secret"}, "no checkpoint of weights"),
        ({"dtype": 40}, "0.weight: elements of type 40"),
        ({"sizes": [{"as_int": 4000}, {"as_int": 3}]}, "out of bounds for storage"),
        ({"sizes": "many"}, "model_weights_config.json: "),
    ],
)
def test_an_exported_program_that_says_what_cannot_be_is_refused(
    change: dict[str, Any], said: str, exported: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError) as caught:
        load_weights(_altered(exported, tmp_path / "other.pt2", change))
    assert said in str(caught.value)


def test_a_packed_one_could_be_of_any_size(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is packed"):
        load_weights(_altered(exported, tmp_path / "packed.pt2", {}, zipfile.ZIP_DEFLATED))
