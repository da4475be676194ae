from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from toolchain.training.datasets.settings import DataSettings


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"format": "idx", "columns": ["a"]}, "columns: goes with format: csv or npz; leave it out"),
        ({"format": "csv", "sound": {}}, "sound: goes with format: wav; leave it out"),
        ({"format": "npz", "columns": ["a", "b"]}, "an npz has one array of inputs; name one"),
        ({"format": "npz", "split": {"by": "group"}}, "split.key: missing; name what tells the group of a row"),
        ({"format": "npz", "split": {"key": "who"}}, "split.key: goes with by: group, time or given"),
        ({"format": "csv", "split": {"by": "given"}}, "split.key: missing; name the column that says train"),
        ({"format": "idx", "split": {"by": "group", "key": "a"}}, "IDX files hold images and labels only"),
        ({"format": "wav", "split": {"by": "group", "key": "a"}}, "should be a regular expression with a group"),
        ({"format": "wav", "split": {"by": "group", "key": "("}}, "no regular expression"),
        ({"format": "wav", "sound": {"frame": 500}}, "a power of two"),
        ({"format": "wav", "sound": {"seconds": 0.01}}, "160 samples a recording are less than a frame of 512"),
        ({"format": "wav", "sound": {"bands": 8, "features": "mfcc"}}, "sound.coefficients: 13 of 8 bands"),
        ({"format": "images", "images": {"height": 8}}, "height and width go together"),
        ({"format": "npz", "range": [1, 1]}, "the lower end, then the upper one"),
        ({"format": "npz", "windows": {"length": 8, "step": 4}}, "or windows.step: 8"),
        ({"format": "npz", "speed": 1}, "Extra inputs are not permitted"),
    ],
)
def test_keys_that_do_not_go_together(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DataSettings.model_validate(raw)
    assert words in str(caught.value)
