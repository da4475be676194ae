"""The workflow of a public forge and the hooks of pre-commit run what the Makefile runs."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from tests.conftest import REPOSITORY

MAKEFILE = (REPOSITORY / "Makefile").read_text()


def _read(name: str) -> Any:
    return yaml.safe_load((REPOSITORY / name).read_text())


def _jobs() -> list[dict[str, Any]]:
    return list(_read(".github/workflows/checks.yml")["jobs"].values())


def _targets() -> set[str]:
    """What may stand behind `make`."""
    return set(" ".join(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, flags=re.MULTILINE)).split())


def test_the_workflow_runs_targets_of_the_makefile_in_order() -> None:
    for job in _jobs():
        commands = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
        made = [target for line in commands for target in re.findall(r"^make (.+)$", line)]
        assert made == ["system-deps", "check", "test"]
        assert set(made) <= _targets()


def test_the_workflow_begins_with_the_oldest_python_that_the_project_takes() -> None:
    oldest = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    for job in _jobs():
        pythons = [system["python"] for system in job["strategy"]["matrix"]["include"]]
        assert pythons[0] == oldest
        assert pythons == sorted(pythons, key=lambda version: [int(part) for part in version.split(".")])


def test_the_hooks_run_the_pinned_programs_that_make_lint_runs() -> None:
    [local] = _read(".pre-commit-config.yaml")["repos"]
    entries = [hook["entry"].removesuffix(" --force-exclude") for hook in local["hooks"]]
    lint = MAKEFILE.split("\nlint:\n")[1].split("\n\n")[0].replace("$(BIN)", ".venv/bin")
    assert entries == re.findall(r"\.venv/bin/(?:mypy|ruff \w+)", lint)
    pins = (REPOSITORY / "requirements.txt").read_text()
    assert all(f"\n{entry.split('/')[2].split()[0]}==" in pins for entry in entries)
