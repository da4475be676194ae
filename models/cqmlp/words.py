"""What the data of CQMLP are called."""

from __future__ import annotations

from toolchain.training.words import Words

WORDS = Words(
    rows="windows",
    synthetic="a simulated car",
    made_up="made-up data, not of a real car",
    limits=(
        "It has seen only the attacks named above; others may pass as normal.",
        "It was tested on windows of the same car as it was trained on; another car needs its own training.",
    ),
    synthetic_limits=("Synthetic traffic is cleaner than a real bus; expect less on captures.",),
)
