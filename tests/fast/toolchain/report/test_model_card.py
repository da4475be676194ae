"""The card of a package: CQMLP's to the letter, and another model's in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fast.toolchain.fabricated import records
from tests.fast.toolchain.package.test_manifest import _origin
from toolchain.found_models import find_model
from toolchain.package.manifest import build_manifest
from toolchain.report.model_card import file_card, model_card
from toolchain.results.facts import DataFacts, LoadFacts
from toolchain.results.facts.runtime import OutputMeaning, VectorCount
from toolchain.results.manifest import Graphs, Manifest
from toolchain.results.report import AnswersReport, WorstAnswer
from toolchain.training.author import words_of
from toolchain.training.words import Words

CARD = """\
# CQMLP

Recipe `default`: t. Trained and tested on **synthetic** data (a simulated car).
Built for `ulx3s`, strategy `folded`.

## Accuracy, blocked split (synthetic data)

| class | precision | recall | F1 | false negatives | windows |
|---|---|---|---|---|---|
| normal | 0.9900 | 0.9800 | 0.9850 | 0.0200 | 90 |
| DoS | 0.9900 | 0.9800 | 0.9850 | 0.0200 | 10 |

Macro-F1 0.9900.

## Confusion matrix (rows: truth)

|  | normal | DoS |
|---|---|---|
| normal | 90 | 0 |
| DoS | 1 | 9 |

## Quantisation

| layer | inputs | outputs | input type | weight type | output type |
|---|---|---|---|---|---|
| MatMul_0 | 8 | 2 | BINARY | TERNARY | INT32 |

All arithmetic is integer; every scale is a power of two, so equality is exact.

## Compared on the way

| stage | compared | on | vectors | equal |
|---|---|---|---|---|
| streamline | every output | test set | 100 | 100 |
| simulate | every element of every layer | test set | 200 | 200 |
| simulate | labels | test set | 164 | 164 |
| simulate | replies |  | 2 | 2 |
| export | every output | test set | 100 | 100 |

## Limits

- Synthetic traffic is cleaner than a real bus; expect less on captures.
- It has seen only the attacks named above; others may pass as normal.
- It was tested on windows of the same car as it was trained on; another car needs its own training.
- Accuracy is of the bit-exact network in simulation; no board was measured for it.
"""


def _manifest(root: Path, kind: str) -> Manifest:
    known = records()
    facts = known["data"].facts_as(DataFacts).model_copy(update={"kind": kind})
    known["data"] = known["data"].model_copy(update={"facts": facts})
    return build_manifest(_origin(root), known)


def test_the_card_of_cqmlp_to_the_letter(tmp_path: Path) -> None:
    assert model_card("CQMLP", _manifest(tmp_path, "synthetic"), words_of(find_model("cqmlp"))) == CARD


def test_the_card_of_cqmlp_on_captures(tmp_path: Path) -> None:
    card = CARD.replace("**synthetic** data (a simulated car)", "real captures").replace(" (synthetic data)", "")
    card = card.replace("- Synthetic traffic is cleaner than a real bus; expect less on captures.\n", "")
    assert model_card("CQMLP", _manifest(tmp_path, "captures"), words_of(find_model("cqmlp"))) == card


@pytest.mark.parametrize(("kind", "trained_on"), [("images", "real images"), ("synthetic", "**synthetic** data")])
def test_a_model_of_something_else_has_no_word_of_cars(kind: str, trained_on: str, tmp_path: Path) -> None:
    card = model_card("Digits", _manifest(tmp_path, kind), Words(rows="images"))
    assert f"Trained and tested on {trained_on}.\n" in card
    assert "| class | precision | recall | F1 | false negatives | images |" in card
    assert not any(word in card for word in ("car", "bus", "attack", "window", "traffic"))


def test_the_worst_answers_stand_behind_the_confusion_matrix(tmp_path: Path) -> None:
    worst = WorstAnswer(vector=7, true="DoS", said="normal", off=None)
    found = AnswersReport(
        kind="classes", count=100, vectors="test set", against=None, errors=None, confused=(), worst=(worst,)
    )
    card = model_card("CQMLP", _manifest(tmp_path, "synthetic"), words_of(find_model("cqmlp")), found)
    assert "## Mistakes\n\n- worst vectors: 7 (DoS said normal)\n\n## Quantisation" in card


def _of_file(root: Path, **more: object) -> Manifest:
    """The manifest of a file for ONNX Runtime."""
    file = LoadFacts(file="net.onnx", sha256="0" * 64, format="QDQ", calibrated=False)
    graphs = Graphs(
        kind="qdq",
        reference="ONNX Runtime",
        vectors=VectorCount(count=120, kind="test set"),
        left_out={},
        accuracy=0.925,
        outputs=OutputMeaning(kind="classes", why="as asked"),
        notices=("Its outputs are read as scores.",),
        proved={},
        budget=0.01,
    )
    own = {"file": file, "graphs": graphs, "layers": (), "accuracy": None, "data": None}
    return _manifest(root, "captures").model_copy(update={**own, **more})


def test_the_card_of_a_file_for_a_processor(tmp_path: Path) -> None:
    card = file_card(_of_file(tmp_path, model="net", board="host", strategy="ort"))
    assert card.startswith("# net\n\n`net.onnx` (QDQ, SHA-256 `000")
    assert "The graphs of this package were held against ONNX Runtime on 120 vectors (test set). 0.9250 of" in card
    assert "## Quantisation" not in card
    assert "- Its outputs are read as scores.\n- Answers are those of the computer that built this package;" in card
