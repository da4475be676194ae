"""The changelog keeps its form, and tells the version that pyproject.toml names."""

from __future__ import annotations

import re
import tomllib

from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "CHANGELOG.md").read_text()
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_unreleased_comes_first_and_then_the_newest_version() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## (.*)$", TEXT, flags=re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", headings[1])
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", heading) for heading in headings[1:])


def test_changes_stand_under_the_kinds_that_the_form_knows() -> None:
    for section in TEXT.split("\n## ")[1:]:
        kinds = re.findall(r"^### (.*)$", section, flags=re.MULTILINE)
        assert len(kinds) == len(set(kinds))
        assert set(kinds) <= KINDS
