"""`MODEL.md`: what the network is, what it was trained on, how good it is, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolchain.report.comparisons import compared
from toolchain.report.table import baselines, share

Accuracy = Mapping[str, Any]

_LIMITS = (
    "It has seen only the attacks named above; others may pass as normal.",
    "It was tested on windows of the same car as it was trained on; another car needs its own training.",
    "Accuracy is of the bit-exact network in simulation; no board was measured for it.",
)


def model_card(title: str, manifest: Mapping[str, Any]) -> str:
    """The card as Markdown.

    Args:
        title: the model's title.
        manifest: the package's manifest, without its files.
    """
    parts = [
        [f"# {title}", ""],
        _summary(manifest),
        _classes(manifest["accuracy"]),
        _comparison(manifest["accuracy"]),
        _confusion(manifest["accuracy"]["confusion"]),
        _quantisation(manifest),
        _verified(manifest["stages"]),
        _limits(manifest["data"]),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _summary(manifest: Mapping[str, Any]) -> list[str]:
    data, recipe = manifest["data"], manifest["recipe"]
    kind = "**synthetic** data (a simulated car)" if data["kind"] == "synthetic" else "real captures"
    return [
        f"Recipe `{recipe['name']}`: {recipe['title']}. Trained and tested on {kind}.",
        f"Built for `{manifest['board']}`, strategy `{manifest['strategy']}`.",
        "",
    ]


def _classes(accuracy: Accuracy) -> list[str]:
    head = ["class", "precision", "recall", "F1", "false negatives", "windows"]
    rows = [
        [
            name,
            *(share(f[k]) for k in ("precision", "recall", "f1", "false_negative_rate")),
            f["support"],
        ]
        for name, f in ((name, accuracy["per_class"][name]) for name in accuracy["confusion"]["classes"])
    ]
    title = f"## Accuracy, blocked split{_label(accuracy)}"
    return [title, "", *_table(head, rows), "", f"Macro-F1 {share(accuracy['macro_f1'])}.", ""]


def _comparison(accuracy: Accuracy) -> list[str]:
    rows = [["this network", share(accuracy["macro_f1"]), accuracy["windows"]]]
    rows += [
        [name.replace("_", " "), share(other["macro_f1"]), other["windows"]]
        for name, other in baselines(dict(accuracy))
    ]
    if len(rows) == 1:
        return []
    title = f"## Compared{_label(accuracy)}"
    return [title, "", *_table(["network or split", "macro-F1", "windows"], rows), ""]


def _confusion(confusion: Mapping[str, Any]) -> list[str]:
    classes = confusion["classes"]
    rows = [[name, *counts] for name, counts in zip(classes, confusion["matrix"], strict=True)]
    return ["## Confusion matrix (rows: truth)", "", *_table(["", *classes], rows), ""]


def _quantisation(manifest: Mapping[str, Any]) -> list[str]:
    head = ["layer", "inputs", "outputs", "input type", "weight type", "output type"]
    rows = [[layer[key.replace(" ", "_")] for key in ("name", *head[1:])] for layer in manifest["layers"]]
    note = "All arithmetic is integer; every scale is a power of two, so equality is exact."
    return ["## Quantisation", "", *_table(head, rows), "", note, ""]


def _verified(stages: Mapping[str, Any]) -> list[str]:
    head = ["stage", "compared", "on", "vectors", "equal"]
    rows = [
        [name, group.what, group.vectors, group.compared, group.equal]
        for name, stage in stages.items()
        for group in compared(stage["checks"].values())
    ]
    return ["## Compared on the way", "", *_table(head, rows), ""]


def _limits(data: Mapping[str, Any]) -> list[str]:
    synthetic = ["Synthetic traffic is cleaner than a real bus; expect less on captures."]
    limits = [*(synthetic if data["kind"] == "synthetic" else []), *_LIMITS]
    return ["## Limits", "", *(f"- {limit}" for limit in limits)]


def _label(accuracy: Accuracy) -> str:
    return " (synthetic data)" if accuracy["data"] == "synthetic" else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"
