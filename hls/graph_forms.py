"""Forms in which hardware may have a graph: all give the same outputs, each takes less of a device than the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from hls.graph_branches import with_joined_branches
from hls.graph_reorders import without_reorders
from hls.graph_stages import stages_of
from hls.plain_sums import with_plain_sums
from toolchain.errors import FitError, ModelError, TooLargeError
from toolchain.graph.graph import Graph

T = TypeVar("T")
Way = TypeVar("Way")


def forms_of(graph: Graph) -> tuple[Graph, ...]:
    """The graph without what only reorders channels; then with branches of one shape joined, where there are such.

    Biases of all are where hardware has them cheapest.
    """
    plain = without_reorders(graph)
    joined = with_joined_branches(plain)
    forms = (plain,) if joined is plain else (plain, without_reorders(joined))
    return tuple(map(with_plain_sums, forms))


def best_that_fits(
    ways: Sequence[Way], fitted: Callable[[Way], T], cycles: Callable[[T], int], enough: int | None
) -> T:
    """What `fitted` makes of the first way that fits the device and is fast enough, else of the fastest that fits.

    Args:
        cycles: between inferences of what fits.
        enough: as many are; None: the fewer the better.

    Raises:
        TooLargeError: none fits; of the last.
        FitError: none that fits is fast enough, where `fitted` says so; of the first.
    """
    found: list[T] = []
    errors: list[FitError] = []
    for way in ways:
        try:
            made = fitted(way)
        except FitError as error:
            errors.append(error)
            continue
        if enough is not None and cycles(made) <= enough:
            return made
        found.append(made)
    if not found:
        # One that fits, but too slowly, tells more than one that does not fit.
        raise next((error for error in errors if not isinstance(error, TooLargeError)), errors[-1])
    return min(found, key=cycles)


def form_of(graph: Graph, tensors: tuple[str, ...]) -> Graph:
    """The form whose stages yield these tensors; the first where none does."""
    forms = forms_of(graph)
    try:
        return next(form for form in forms if tuple(stage.tensor for stage in stages_of(form)) == tensors)
    except (StopIteration, ModelError):
        return forms[0]
