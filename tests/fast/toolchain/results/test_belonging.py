"""The one rule on whose a result is."""

from __future__ import annotations

from typing import Any

import pytest

from toolchain.results.belonging import Marks, belongs

OWN = Marks("bb", "5e", "default-folded", "d1", "aa")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"identity": {"build_id": "bb"}}, True),
        ({"identity": {"build_id": "cc", "model_hash": "aa"}}, False),
        ({"provenance": {"content_digest": "5e", "variant": "another"}}, True),
        ({"provenance": {"package": {"variant": "default-folded"}}}, True),
        ({"package": {"manifest_sha256": "d2"}}, False),
        ({"provenance": {"model_hash": "aa"}}, True),
        ({"identity": {"build_id": ""}, "provenance": 3}, None),
        ({}, None),
    ],
)
def test_the_surest_mark_decides(said: dict[str, Any], expected: bool | None) -> None:
    assert belongs(said, OWN) is expected


def test_a_build_without_an_identity_is_known_by_its_digest() -> None:
    host = OWN._replace(build_id=None, model_hash=None)
    assert belongs({"provenance": {"build_id": "bb", "content_digest": "5f"}}, host) is False
    assert belongs({"provenance": {"build_id": "bb", "content_digest": "5e"}}, host) is True
