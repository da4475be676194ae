from __future__ import annotations

import pytest

from toolchain.cli.orders import cause_in
from toolchain.errors import ConfigError

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
