"""Inputs as pictures: which are pixels and which are lines."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from toolchain.report.page.pictures import picture


def _pixels(shown: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(re.findall(r"base64,([^\"]+)", shown)[0]))))


@pytest.mark.parametrize("shape", [(1, 8, 9), (8, 9, 1), (8, 9)])
def test_grey_images_are_pixels_of_their_range(shape: tuple[int, ...]) -> None:
    x = np.arange(72).reshape(shape)
    pixels = _pixels(picture(x, 0, 71, "one"))
    assert pixels.shape == (8, 9)
    assert (pixels[0, 0], pixels[-1, -1]) == (0, 255)


def test_colours_come_first_or_last() -> None:
    x = np.arange(3 * 8 * 8).reshape(3, 8, 8)
    first, last = (_pixels(picture(values, 0, 191, "one")) for values in (x, np.moveaxis(x, 0, -1)))
    assert first.shape == (8, 8, 3)
    assert (first == last).all()


def test_rows_and_windows_are_lines() -> None:
    assert str(picture(np.arange(50), 0, 49, "row")).count("<polyline") == 1
    assert str(picture(np.zeros((1, 128, 2)), 0, 1, "window")).count("<polyline") == 2


@pytest.mark.parametrize("shape", [(1, 9, 128), (9, 128), (128, 9, 1)])
def test_steps_of_time_run_along_the_longer_axis(shape: tuple[int, ...]) -> None:
    x = np.zeros(shape)
    x[(0,) * len(shape)] = 1
    shown = str(picture(x, 0, 1, "window"))
    assert shown.count("<polyline") == 3
    assert [len(line.split()) for line in re.findall(r'points="([^"]+)"', shown)] == [128] * 3


def test_a_long_line_keeps_its_peak() -> None:
    x = np.zeros(9000)
    x[4321] = 1
    shown = str(picture(x, 0, 1, "row"))
    assert len(shown) < 6000
    assert min(float(y) for y in re.findall(r",([\d.]+)", shown)) == 3


def test_a_constant_input_and_an_odd_title_do_no_harm() -> None:
    assert "&lt;b&gt;" in picture(np.zeros((1, 8, 8)), 0, 0, "<b>")
