"""What the data of LiteCNN are called."""

from __future__ import annotations

from toolchain.training.words import Words

WORDS = Words(
    rows="images",
    synthetic="digits drawn by a program",
    made_up="made-up images, drawn by a program",
    limits=("It has seen one object an image, upright and in the middle, bright on dark.",),
    synthetic_limits=("Drawn digits are more alike than written ones; expect much less on real images.",),
)
