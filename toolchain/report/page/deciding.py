"""What a page says of where a network of several stages stops."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from pydantic import ValidationError

from toolchain.report.page import charts
from toolchain.report.page.gather import Build
from toolchain.report.page.values import mapping
from toolchain.results.facts.decision import Decision


@dataclass(frozen=True)
class Shown:
    """A decision, and accuracy against operations over the thresholds as a drawing."""

    decision: Decision
    curve: Markup


def decision(build: Build) -> Shown | None:
    """What the manifest says; None where it says nothing that can be read."""
    try:
        said = Decision.model_validate(mapping(build.manifest, "decision"))
    except ValidationError:
        return None
    curve = [(point.operations, point.accuracy) for point in said.curve]
    return Shown(said, charts.working_point("decision", curve, (said.validation.operations, said.validation.accuracy)))
