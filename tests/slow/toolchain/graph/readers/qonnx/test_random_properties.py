"""Random networks are the same in the qonnx executor, as an integer graph, and in ONNX Runtime."""

from __future__ import annotations

from typing import Any

from tests.properties import given, st
from tests.random_networks import must_agree


@given(st.data())
def test_random_networks(data: Any) -> None:
    must_agree(data)
