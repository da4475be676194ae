"""A thousand random networks, of which `make test` tries forty: the answers are the same everywhere.

Run with ``make bench``. As many others by ``GATEWEAVE_NETWORKS=200``.
"""

from __future__ import annotations

import os
from typing import Any

from tests.properties import given, hypothesis, st
from tests.random_networks import must_agree

COUNT = int(os.environ.get("GATEWEAVE_NETWORKS", "1000"))


@hypothesis.settings(max_examples=COUNT)
@given(st.data())
def test_random_networks(data: Any) -> None:
    must_agree(data)
