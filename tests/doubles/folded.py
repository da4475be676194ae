"""What a folding that tests choose themselves is expected to take: nobody asks."""

from __future__ import annotations

from toolchain.results.folding import FoldedUse

NOTHING = FoldedUse(lut=0, ff=0, bram=0)
