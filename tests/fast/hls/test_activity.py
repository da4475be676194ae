"""Changes of nets are added up over an instance and those within it, and over no other."""

from __future__ import annotations

from hls.activity import toggles_in

SAIF = r"""
(SAIFILE (SAIFVERSION "2.0") (DURATION 9)
 (INSTANCE TOP
  (NET (clk (T0 9) (T1 0) (TZ 0) (TX 0) (TB 0) (TC 100)))
  (INSTANCE stream_tap
   (NET (a\[0\] (T0 4) (T1 5) (TC 1000)))
   (INSTANCE core
    (NET (b\[0\] (T0 4) (T1 5) (TC 3)) (b\[1\] (T0 4) (T1 5) (TC 4)))
    (INSTANCE unit (NET (q (T0 4) (T1 5) (TC 20))))
    (NET (late (T0 4) (T1 5) (TC 1)))
   )
   (INSTANCE other (NET (q (T0 4) (T1 5) (TC 7000))))
  )
 )
)
"""


def test_an_instance_counts_with_all_within_it() -> None:
    assert toggles_in(SAIF, "core") == 3 + 4 + 20 + 1
    assert toggles_in(SAIF, "unit") == 20
    assert toggles_in(SAIF, "none") == 0
