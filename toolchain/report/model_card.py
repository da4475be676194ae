"""`MODEL.md`: what the network is, what it was trained on, how good it is, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from toolchain.report.answer_lines import lines
from toolchain.report.comparisons import compared
from toolchain.report.table import share
from toolchain.results.facts import DataFacts, IntegersFacts, LoadFacts
from toolchain.results.facts.network import Confusion, Layer
from toolchain.results.manifest import Accuracy, Graphs, Manifest, StageEntry
from toolchain.results.report import AnswersReport
from toolchain.training.words import Words

_AS_TABLE = 100
"""Classes of which a confusion matrix is still a table."""

_EXACT = "All arithmetic is integer; every scale is a power of two, so equality is exact."
# Scales of a file are its author's: what they leave to rounding is counted, and told by the proof.
_FILE_EXACT = "All arithmetic is integer; the file's own scales stand before and behind it."
_PROCESSOR_LIMIT = "Answers are those of the computer that built this package; no board was measured for it."
_LIMIT = "Accuracy is of the bit-exact network in simulation; no board was measured for it."


def model_card(title: str, manifest: Manifest, words: Words, answers: AnswersReport | None = None) -> str:
    """The card as Markdown.

    Args:
        title: the model's title.
        manifest: the package's manifest, without its files.
        words: the model's.
        answers: to its test set, where they can be read.
    """
    accuracy, data = manifest.accuracy, manifest.data
    assert accuracy and data
    parts = [
        [f"# {title}", ""],
        _summary(manifest, data, words),
        _classes(accuracy, words.rows_of(data.kind), data.split),
        _confusion(accuracy.confusion),
        _mistakes(answers),
        _quantisation(manifest.layers),
        _verified(manifest.stages),
        _limits(data, words),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def file_card(manifest: Manifest, answers: AnswersReport | None = None) -> str:
    """The card of a network that came as a file."""
    file, read = manifest.file, manifest.integers or manifest.graphs
    assert file and read
    parts = [
        [f"# {manifest.model}", ""],
        _file_summary(manifest, file, read),
        _mistakes(answers),
        _quantisation(manifest.layers, _FILE_EXACT) if manifest.layers else [],
        _verified(manifest.stages),
        ["## Limits", "", *(f"- {notice}" for notice in read.notices), f"- {_limit(manifest)}"],
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _file_summary(manifest: Manifest, file: LoadFacts, read: IntegersFacts | Graphs) -> list[str]:
    vectors = f"{read.vectors.count:,} vectors ({read.vectors.kind})"
    held = (
        f"Its integer graph was held against {read.framework}"
        if isinstance(read, IntegersFacts)
        else f"The graphs of this package were held against {read.reference}"
    )
    right = (
        f" {share(read.accuracy)} of them have their true class as the greatest output."
        if read.accuracy is not None
        else ""
    )
    return [
        f"`{file.file}` ({file.format}, SHA-256 `{file.sha256}`), a network that was trained elsewhere.",
        f"{held} on {vectors}.{right}",
        f"Built for `{manifest.board}`, strategy `{manifest.strategy}`.",
        "",
    ]


def _limit(manifest: Manifest) -> str:
    return _PROCESSOR_LIMIT if manifest.integers is None else _LIMIT


def _summary(manifest: Manifest, data: DataFacts, words: Words) -> list[str]:
    made_of = f" ({words.synthetic})" if words.synthetic else ""
    kind = f"**synthetic** data{made_of}" if data.kind == "synthetic" else f"real {data.kind}"
    return [
        f"Recipe `{manifest.recipe.name}`: {manifest.recipe.title}. Trained and tested on {kind}.",
        f"Built for `{manifest.board}`, strategy `{manifest.strategy}`.",
        "",
    ]


def _classes(accuracy: Accuracy, rows_word: str, split: str) -> list[str]:
    head = ["class", "precision", "recall", "F1", "false negatives", rows_word]
    rows = [
        [name, share(f.precision), share(f.recall), share(f.f1), share(f.false_negative_rate), f.support]
        for name, f in ((name, accuracy.per_class[name]) for name in accuracy.confusion.classes)
    ]
    title = f"## Accuracy, {split}{_label(accuracy)}"
    return [title, "", *_table(head, rows), "", f"Macro-F1 {share(accuracy.macro_f1)}.", ""]


def _mistakes(answers: AnswersReport | None) -> list[str]:
    told = [f"- {line}" for line in lines(answers)] if answers else []
    return ["## Mistakes", "", *told, ""] if told else []


def _confusion(confusion: Confusion) -> list[str]:
    if len(confusion.classes) > _AS_TABLE:
        return []
    rows = [[name, *counts] for name, counts in zip(confusion.classes, confusion.matrix, strict=True)]
    return ["## Confusion matrix (rows: truth)", "", *_table(["", *confusion.classes], rows), ""]


def _quantisation(layers: Sequence[Layer], why: str = _EXACT) -> list[str]:
    head = ["layer", "inputs", "outputs", "input type", "weight type", "output type"]
    rows = [[getattr(layer, key.replace(" ", "_")) for key in ("name", *head[1:])] for layer in layers]
    return ["## Quantisation", "", *_table(head, rows), "", why, ""]


def _verified(stages: Mapping[str, StageEntry]) -> list[str]:
    head = ["stage", "compared", "on", "vectors", "equal"]
    rows = [
        [name, group.what, group.vectors, group.compared, group.equal]
        for name, stage in stages.items()
        for group in compared(map(asdict, stage.checks.values()))
    ]
    return ["## Compared on the way", "", *_table(head, rows), ""]


def _limits(data: DataFacts, words: Words) -> list[str]:
    synthetic = words.synthetic_limits if data.kind == "synthetic" else ()
    limits = [*synthetic, *words.limits, _LIMIT]
    return ["## Limits", "", *(f"- {limit}" for limit in limits)]


def _label(accuracy: Accuracy) -> str:
    return " (synthetic data)" if accuracy.data == "synthetic" else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
