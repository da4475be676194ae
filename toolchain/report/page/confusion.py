"""The confusion matrix of many classes: a drawing of its cells, and the pairs that are taken for each other most."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from toolchain.report.page.network import Confusion

AS_TABLE, AS_DRAWING = 20, 100
"""Classes that a table of numbers still shows, and those that a drawing does."""

_SIDE, _PAIRS = 8, 12


def pairs(confusion: Confusion) -> list[tuple[str, str, str, str]]:
    """(true class, said class, how many, share of the true ones) of the most frequent mistakes, most first."""
    wrong = [(share, text, row, column) for row, column, text, share in _wrong(confusion)]
    wrong.sort(key=lambda cell: (-int(cell[1].replace(",", "")), -cell[0]))
    names = confusion.classes
    return [(names[row], names[column], text, f"{100 * share:.1f} %") for share, text, row, column in wrong[:_PAIRS]]


def confusion_drawing(confusion: Confusion) -> Markup:
    """The cells as squares, true classes from top to bottom: the more of a class, the stronger."""
    size = _SIDE * len(confusion.classes)
    cells = Markup("").join(_cells(confusion))
    return Markup(
        '<svg class="cells" role="img" aria-label="Confusion of {} classes" viewBox="0 0 {} {}">'
        '<rect class="ground" width="{}" height="{}"/>{}</svg>'
    ).format(len(confusion.classes), size, size, size, size, cells)


def _cells(confusion: Confusion) -> Iterator[Markup]:
    shape = '<rect class="{}" x="{}" y="{}" width="{}" height="{}" opacity="{:.2f}"><title>{}</title></rect>'
    for row, cells in enumerate(confusion.rows):
        for column, (text, share, right) in enumerate(cells):
            if share > 0:
                kind, place = "right" if right else "wrong", (_SIDE * column, _SIDE * row)
                told = f"{confusion.classes[row]} said {confusion.classes[column]}: {text}"
                yield Markup(shape).format(kind, *place, _SIDE, _SIDE, _strength(share), told)


def _strength(share: float) -> float:
    """So that a single mistake is seen, too."""
    return min(1.0, 0.25 + 0.75 * float(share**0.5))


def _wrong(confusion: Confusion) -> Iterator[tuple[int, int, str, float]]:
    for row, cells in enumerate(confusion.rows):
        for column, (text, share, right) in enumerate(cells):
            if share > 0 and not right:
                yield row, column, text, share
