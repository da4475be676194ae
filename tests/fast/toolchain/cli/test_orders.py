from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.cli.orders import Order, _explain_failure, cause_in
from toolchain.cli.plan import IF_NEEDED
from toolchain.errors import ConfigError
from toolchain.events import Event
from toolchain.layout import Layout, Request

MISSING = """Assuming unrestricted shared filesystem usage.
  Command: snakemake --directory /tmp/error folder/exceptions

Building DAG of jobs...
MissingRuleException:
No rule to produce [/b].
"""
TRACEBACK = """Traceback (most recent call last):

  File "cli.py", line 314, in parse_config
    raise ValueError(

ValueError: Invalid config definition.
"""


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (MISSING, "MissingRuleException: No rule to produce [/b]."),
        (TRACEBACK, "ValueError: Invalid config definition."),
        ("usage: __main__.py\n__main__.py: error: unrecognised: --x\n", "__main__.py: error: unrecognised: --x"),
        ("Working directory: /tmp/error\n0 errors\n", "it gave no reason"),
    ],
)
def test_the_cause_is_what_snakemake_ended_with(log: str, cause: str) -> None:
    assert cause_in(log) == cause


def test_a_quote_that_is_not_closed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from toolchain.cli.orders import _further_words

    monkeypatch.setenv("SNAKEMAKE_ARGS", "it's")
    with pytest.raises(ConfigError, match='SNAKEMAKE_ARGS: "it\'s": no closing quotation'):
        _further_words()


def test_snakemake_is_left_out_only_where_nobody_speaks_to_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    layout = Layout(Request("ulx3s", "cqmlp"), tmp_path)
    assert Order(layout, "all", 1).command(tmp_path)[-1] == IF_NEEDED
    assert IF_NEEDED not in Order(layout, "all", 1, extra=("--forcerun", "fold")).command(tmp_path)
    monkeypatch.setenv("SNAKEMAKE_ARGS", "--summary")
    assert IF_NEEDED not in Order(layout, "all", 1).command(tmp_path)


def test_a_folder_removed_under_a_build_is_the_cause_whatever_stages_said(tmp_path: Path) -> None:
    layout = Layout(Request("ulx3s", "cqmlp"), tmp_path / "gone")
    message = _explain_failure(layout, [Event("error", "train", "internal fault")])
    assert message == f"{layout.variant_dir}: was removed or moved while the build ran; build again"
