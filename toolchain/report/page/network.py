"""What a page says of the network itself: accuracy, confusion matrix, layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolchain.report.comparisons import words_of
from toolchain.report.page.core_drawing import shape_of
from toolchain.report.page.gather import Build
from toolchain.report.page.values import (
    ABSENT,
    Figure,
    count,
    dig,
    mapping,
    number,
    numbers,
    objects,
    percent,
    text,
    texts,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix: `rows` holds for each true class (shown count, share of the row 0 to 1, whether right)."""

    classes: list[str]
    rows: list[list[tuple[str, float, bool]]]


def synthetic(build: Build) -> bool:
    """Whether the network was trained and tested on made-up data."""
    return text(build.manifest, "data", "kind") == "synthetic"


def headline_accuracy(build: Build) -> Figure:
    """Share of test rows whose class is right; of a network that came as a file, on the labels that came with it."""
    accuracy = mapping(build.manifest, "accuracy")
    share, f1 = number(accuracy, "accuracy"), number(accuracy, "macro_f1")
    if share is None:
        return foreign_accuracy(build) or ABSENT
    return Figure(percent(share), text(accuracy, "kind") or "simulated", "" if f1 is None else f"macro F1 {_score(f1)}")


def foreign_accuracy(build: Build) -> Figure | None:
    """Of a network that came as a file, on the classes that came with it; None without."""
    for group, reference in (("graphs", "reference"), ("integers", "framework")):
        share = number(build.manifest, group, "accuracy")
        if share is not None and build.layout.request.file is not None:
            vectors = mapping(build.manifest, group, "vectors")
            on = f"{count(number(vectors, 'count'))} vectors ({words_of(text(vectors, 'kind'))})"
            return Figure(percent(share), "simulated", f"of {text(build.manifest, group, reference)}, on {on}")
    return None


def classes(accuracy: Mapping[str, Any]) -> list[Row]:
    """One row a class of `Scores` as plain JSON: precision, recall, F1, share missed, how many."""
    per_class = mapping(accuracy, "per_class")
    names = texts(accuracy, "confusion", "classes") or sorted(per_class)
    return [{"name": name, **_scores(mapping(per_class, name))} for name in names if name in per_class]


def baselines(build: Build) -> list[Row]:
    """The network itself, and what the baselines stage compares it with."""
    accuracy = mapping(build.manifest, "accuracy")
    made = {**accuracy, **mapping(build.facts.get("baselines"), "networks")}
    others = {name.replace("_", " "): value for name, value in made.items() if isinstance(value, Mapping)}
    every: Mapping[str, Any] = {"this network": accuracy, **others}
    return [
        {
            "name": name,
            "split": _split(build, text(value, "split")),
            "accuracy": percent(number(value, "accuracy"), 3),
            "f1": _score(number(value, "macro_f1")),
            "windows": count(number(value, "windows")),
        }
        for name, value in every.items()
        if number(value, "macro_f1") is not None
    ]


def front(build: Build) -> list[Row]:
    """Accuracy against LUTs of the networks that a training with a budget came by."""
    return [
        {
            "lut": count(number(point, "lut")),
            "f1": _score(number(point, "macro_f1")),
            "built": "built" if point.get("kept") else "",
        }
        for point in objects(build.manifest, "front")
    ]


def _split(build: Build, name: str) -> str:
    """A split in words: `blocked` is the one that the recipe asks for, whatever it goes by."""
    asked = text(build.manifest, "data", "split").removesuffix(" split")
    return asked if asked and name == "blocked" else name


def confusion(value: Any) -> Confusion | None:
    """A confusion matrix from {"classes", "matrix"}, rows by true class; None where it is none."""
    names = texts(value, "classes")
    matrix = [numbers(value, "matrix", index) for index in range(len(names))]
    if not names or any(len(row) != len(names) for row in matrix):
        return None
    rows = [
        [(count(cell), cell / sum(row) if sum(row) > 0 else 0.0, i == j) for j, cell in enumerate(row)]
        for i, row in enumerate(matrix)
    ]
    return Confusion(names, rows)


def layers(build: Build) -> list[Row]:
    """One row a layer of the hardware: shape, types, parallelism, cycles (and share of the slowest's), resources."""
    mapped = objects(build.facts.get("map"), "layers")
    folding = mapping(build.facts.get("fold"), "folding")
    if units := objects(folding, "stages"):
        slowest = max(number(stage, "cycles") or 0 for stage in units)
        return [_unit(stage, slowest) for stage in units]
    folded = objects(folding, "layers")
    known = {text(layer, "name"): layer for layer in objects(build.manifest, "layers")}
    hardware = mapped or folded or list(known.values())
    slowest = max((number(layer, "cycles") or 0 for layer in hardware), default=0)
    return [_layer({**known.get(text(layer, "name"), {}), **layer}, slowest) for layer in hardware]


def _layer(layer: Mapping[str, Any], slowest: float) -> Row:
    cycles = number(layer, "cycles")
    inputs, outputs = number(layer, "inputs"), number(layer, "outputs")
    pe, simd = number(layer, "pe"), number(layer, "simd")
    types = [text(layer, key) for key in ("input_type", "weight_type", "output_type")]
    # Where both are there, ours counts the whole layer and FINN's leaves out much of it.
    resources = mapping(layer, "estimate") or mapping(layer, "finn_estimate")
    return {
        "name": text(layer, "name"),
        "shape": f"{count(inputs)} → {count(outputs)}" if inputs is not None else "",
        "types": " · ".join(filter(None, types)),
        "parallel": " · ".join(f"{count(n)} {unit}" for n, unit in ((pe, "PE"), (simd, "SIMD")) if n is not None),
        "cycles": count(cycles) if cycles is not None else "",
        "share": cycles / slowest if cycles is not None and slowest else 0.0,
        "slowest": cycles is not None and cycles == slowest,
        "resources": {key: count(number(resources, key)) for key in ("lut", "ff", "bram", "dsp")} if resources else {},
    }


def _unit(stage: Mapping[str, Any], slowest: float) -> Row:
    """A stage of a core of units, as `_layer`."""
    return {
        **_layer({"name": stage.get("tensor"), "cycles": stage.get("cycles"), "estimate": stage}, slowest),
        "shape": shape_of(stage),
        "types": f"{count(number(stage, 'bits'))} bits",
        "parallel": text(stage, "option"),
    }


def _scores(figures: Mapping[str, Any]) -> Row:
    return {
        **{key: _score(number(figures, key)) for key in ("precision", "recall", "f1")},
        "missed": percent(number(figures, "false_negative_rate"), 3),
        "windows": count(number(figures, "support")),
    }


def _score(value: float | None) -> str:
    """Four digits; never rounded up to 1."""
    if value is None:
        return "-"
    return "0.9999+" if 0.99995 <= value < 1 else f"{value:.4f}"


def training(build: Build) -> str:
    """What the data was, in a few words."""
    data = mapping(build.manifest, "data")
    frames = sum(number(capture, "frames") or 0 for capture in objects(data, "captures"))
    words = [text(data, "kind"), f"{count(frames)} frames" if frames else "", f"{count(number(data, 'inputs'))} inputs"]
    return ", ".join(filter(None, words)) if dig(data, "kind") else ""
