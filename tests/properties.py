"""What property tests share: the same examples on every run, and nothing kept between runs."""

from __future__ import annotations

import pytest

hypothesis = pytest.importorskip(
    "hypothesis", reason=".venv is older than requirements.txt, which pins hypothesis: run `make environment`"
)
given = hypothesis.given
st = hypothesis.strategies

hypothesis.settings.register_profile(
    "gateweave",
    # A run that fails, fails again.
    derandomize=True,
    database=None,
    # A shared machine may stop for a while: time is no property.
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    max_examples=40,
)
hypothesis.settings.load_profile("gateweave")
