"""A model that has nothing to do with CAN, made by docs/adding-a-model.md alone, in a folder of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from toolchain.layout import Layout, Request
from toolchain.results.facts import DataFacts, TrainFacts
from toolchain.results.record import read_record
from toolchain.results.request import write_request

DIGITS = {
    "settings.py": """\
from toolchain.training.recipe import Seed, Settings, Width


class DataSettings(Settings):
    seed: Seed = 1


class NetworkSettings(Settings):
    hidden: Width
""",
    "words.py": """\
from toolchain.training.words import Words

WORDS = Words(rows="images")
""",
    "data.py": """\
import gzip

import numpy as np

from toolchain.errors import DataError
from toolchain.training.dataset import dataset_of
from toolchain.training.splits import random_split


def build_dataset(data, settings):
    if data is None:
        raise DataError("give the folder of MNIST: DATA=<folder>")
    images, y = (_both(data, *file) for file in (("images-idx3", 16), ("labels-idx1", 8)))
    # Half its size, in 16 shades of grey.
    x = images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).astype(np.uint8) // 16
    blocked = np.repeat(np.array([0, 1, 2], np.uint8), [50_000, 10_000, 10_000])
    splits = {"blocked": blocked, "random": random_split(len(y), settings.seed)}
    return dataset_of(x, y, input_type="UINT4", classes=tuple("0123456789"), kind="images", splits=splits)


def _both(folder, name, head):
    files = [folder / f"{part}-{name}-ubyte.gz" for part in ("train", "t10k")]
    return np.concatenate([np.frombuffer(gzip.decompress(f.read_bytes()), np.uint8, offset=head) for f in files])
""",
    "model.py": """\
from brevitas import nn as qnn
from torch import nn

from toolchain.training.merge import merge_normalisation, merged_linear
from toolchain.training.quantisers import activation_quantiser, input_quantiser, weight_quantiser


def build(settings, signature):
    layer = qnn.QuantLinear(signature.inputs, settings.hidden, bias=False, weight_quant=weight_quantiser(4))
    return _chain(settings, signature, layer, nn.BatchNorm1d(settings.hidden))


def merge(network, settings):
    flatten, first, layer, norm, *rest = network
    return nn.Sequential(flatten, first, merge_normalisation(layer, norm, 4), *rest)


def restore(settings, signature, state):
    network = _chain(settings, signature, merged_linear(signature.inputs, settings.hidden, 4, state["2.power"]))
    network.load_state_dict(dict(state))
    return network


def build_float(settings, signature):
    first = nn.Linear(signature.inputs, settings.hidden)
    return nn.Sequential(nn.Flatten(), first, nn.ReLU(), nn.Linear(settings.hidden, signature.classes, bias=False))


def _chain(settings, signature, *middle):
    first = qnn.QuantIdentity(act_quant=input_quantiser(signature.input_type), return_quant_tensor=True)
    activation = qnn.QuantReLU(act_quant=activation_quantiser(2), return_quant_tensor=True)
    last = qnn.QuantLinear(settings.hidden, signature.classes, bias=False, weight_quant=weight_quantiser(4))
    return nn.Sequential(nn.Flatten(), first, *middle, activation, last)
""",
    "recipes/default.yaml": """\
title: digits by one hidden layer
network: {hidden: 32}
training: {steps: 600, merged_steps: 200}
""",
}

STAGES = ("data", "check", "train", "export", "streamline")
_RUN = "import sys\nfrom flows.stages.__main__ import main\nsys.exit(any(main(s, sys.argv[1]) for s in sys.argv[2:]))"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Layout:
    """The network stages of the model."""
    data = shared_data / "mnist"
    if not data.is_dir():
        pytest.skip(f"{data} is absent: MNIST is not part of the repository")
    root = tmp_path_factory.mktemp("other")
    for name, text in DIGITS.items():
        path = root / "digits" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return _network_stages(Request("ulx3s", "digits", data=str(data), folder=str(root / "digits")), root)


def _network_stages(request: Request, root: Path) -> Layout:
    """Run the stages that know no board."""
    layout = Layout(request, root / "build")
    layout.request_file.parent.mkdir(parents=True)
    write_request(layout.request_file, layout.request)
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(layout.request_file), *STAGES],
        cwd=layout.root,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + layout.events.read_text()
    return layout


def _said(layout: Layout) -> dict[str, str]:
    events: list[dict[str, Any]] = [json.loads(line) for line in layout.events.read_text().splitlines()]
    return {event["stage"]: event["text"] for event in events if event["kind"] == "done"}


def test_it_takes_no_more_than_sixty_lines() -> None:
    assert sum(bool(line.strip()) for text in DIGITS.values() for line in text.splitlines()) <= 60


def test_its_data_are_images(built: Layout) -> None:
    facts = read_record(built, "data").facts_as(DataFacts)
    assert (facts.shape, facts.input_type, facts.kind) == ((14, 14), "UINT4", "images")
    assert sum(facts.windows["blocked"]["test"].values()) == 10_000
    assert _said(built)["data"] == f"70,000 images of 14 x 14 UINT4, classes: {', '.join('0123456789')} (images)"


def test_the_untrained_network_can_be_built(built: Layout) -> None:
    assert _said(built)["check"].startswith("the untrained network can be built: 2 layers")


def test_it_learns_and_every_stage_answers_alike(built: Layout) -> None:
    accuracy = read_record(built, "train").facts_as(TrainFacts).accuracy
    assert accuracy.accuracy > 0.8
    for stage in ("export", "streamline"):
        [check] = read_record(built, stage).checks.values()
        assert (check.compared, check.equal) == (10_000, 10_000)
    assert "10,000 of 10,000 test images" in _said(built)["export"]
    assert "(real images)" in _said(built)["train"]


_PAGE = (REPOSITORY / "docs" / "adding-a-model.md").read_text()
TWO_FILES = {
    "model.py": re.findall(r"```python\n(from torch import nn\n.*?)```", _PAGE, re.DOTALL)[0],
    "recipes/default.yaml": """\
title: sides of a line
data: {format: csv, path: ../points.csv, label: side, split: {by: group, key: day}}
training: {steps: 200, merged_steps: 50, batch: 64}
""",
}


def test_two_files_make_a_model(tmp_path: Path) -> None:
    x, y = np.random.default_rng(1).normal(size=(2, 600))
    rows = [
        f"{a},{b},{'left' if a + b > 0 else 'right'},{row // 20}" for row, (a, b) in enumerate(zip(x, y, strict=True))
    ]
    (tmp_path / "points.csv").write_text("\n".join(["x,y,side,day", *rows]))
    for name, text in TWO_FILES.items():
        path = tmp_path / "points" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    layout = _network_stages(Request("ulx3s", "points", folder=str(tmp_path / "points")), tmp_path)
    said = _said(layout)
    assert said["data"].startswith("600 rows of 2 INT8, classes: left, right; split by group 'day': 400 train, 100 ")
    assert read_record(layout, "train").facts_as(TrainFacts).accuracy.accuracy > 0.9
    assert "100 of 100 test rows" in said["streamline"]
