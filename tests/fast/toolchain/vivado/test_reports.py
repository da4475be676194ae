from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.errors import ToolError
from toolchain.vivado.reports import parse_timing, parse_utilisation, without_origin

# Cut from the shape that Vivado 2022.2 gives for Zynq UltraScale+ and 2021.1 for Zynq-7000.
ULTRASCALE = """\
| Tool Version : Vivado v.2022.2 (lin64) Build 3671981 Fri Oct 14 04:59:54 MDT 2022
| Date         : Thu Jun 14 20:02:38 2024
| Host         : somewhere running 64-bit Ubuntu 22.04.5 LTS
| Command      : report_utilization -file /home/someone/utilisation.rpt
| Design       : system_wrapper

1. CLB Logic
------------

+----------------------------+-------+-------+------------+-----------+-------+
|          Site Type         |  Used | Fixed | Prohibited | Available | Util% |
+----------------------------+-------+-------+------------+-----------+-------+
| CLB LUTs*                  | 12345 |     0 |          0 |    230400 |  5.36 |
|   LUT as Logic             | 12000 |     0 |          0 |    230400 |  5.21 |
| CLB Registers              | 20001 |     0 |          0 |    460800 |  4.34 |
+----------------------------+-------+-------+------------+-----------+-------+

3. BLOCKRAM
-----------

+-------------------+------+-------+------------+-----------+-------+
|     Site Type     | Used | Fixed | Prohibited | Available | Util% |
+-------------------+------+-------+------------+-----------+-------+
| Block RAM Tile    |  3.5 |     0 |          0 |       312 |  1.12 |
|   RAMB36/FIFO*    |    2 |     0 |          0 |       312 |  0.64 |
|   RAMB18          |    3 |     0 |          0 |       624 |  0.48 |
| URAM              |    4 |     0 |          0 |        96 |  4.17 |
+-------------------+------+-------+------------+-----------+-------+

+----------------+------+-------+------------+-----------+-------+
|    Site Type   | Used | Fixed | Prohibited | Available | Util% |
+----------------+------+-------+------------+-----------+-------+
| DSPs           |   60 |     0 |          0 |      1728 |  3.47 |
+----------------+------+-------+------------+-----------+-------+
"""
ZYNQ_7000 = """\
+----------------------------+-------+-------+-----------+-------+
|          Site Type         |  Used | Fixed | Available | Util% |
+----------------------------+-------+-------+-----------+-------+
| Slice LUTs                 | 41895 |     0 |     53200 | 78.75 |
| Slice Registers            | 41588 |     0 |    106400 | 39.09 |
+----------------------------+-------+-------+-----------+-------+
| Block RAM Tile    |  105 |     0 |       140 | 75.00 |
| DSPs      |  0 |     0 |       220 | <0.01 |
"""
_RULE = "-" * 96
_HEAD = (
    "WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)      THS(ns)  THS Failing Endpoints"
    "  THS Total Endpoints     WPWS(ns)     TPWS(ns)  TPWS Failing Endpoints  TPWS Total Endpoints"
)
_UNDER = (
    "-------      -------  ---------------------  -------------------      -------      -------  ---------------------"
    "  -------------------     --------     --------  ----------------------  --------------------"
)


def _timing(summary: str, clocks: str, intra: str) -> str:
    return f"""\
{_RULE}
| Design Timing Summary
| ---------------------
{_RULE}

    {_HEAD}
    {_UNDER}
    {summary}


All user specified timing constraints are met.


{_RULE}
| Clock Summary
| -------------
{_RULE}

Clock                 Waveform(ns)         Period(ns)      Frequency(MHz)
-----                 ------------         ----------      --------------
{clocks}

{_RULE}
| Intra Clock Table
| -----------------
{_RULE}

Clock                     {_HEAD}
-----                     {_UNDER}
{intra}

Max Delay Paths
--------------------------------------------------------------------------------------
Slack (MET) :             3.119ns  (required time - arrival time)
  Source:                 system_i/axi_chip_0/inst/a_reg[1]/C
                            (rising edge-triggered cell FDRE clocked by clk_pl_0)
  Destination:            system_i/axi_chip_0/inst/b_reg[0]/D
  Data Path Delay:        6.470ns  (logic 0.725ns (11.205%)  route 5.745ns (88.795%))
"""


_GOOD = "3.119  0.000  0  15  0.060  0.000  0  15  2.225  0.000  0  9"
_ONE_CLOCK = "clk_pl_0              {0.000 5.000}        10.000          100.000"


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "report.rpt"
    path.write_text(text)
    return path


def test_utilisation_of_zynq_ultrascale(tmp_path: Path) -> None:
    found = parse_utilisation(_write(tmp_path, ULTRASCALE))
    assert found == {"lut": 12345, "ff": 20001, "bram": 7, "dsp": 60, "uram": 4}


def test_utilisation_of_zynq_7000(tmp_path: Path) -> None:
    found = parse_utilisation(_write(tmp_path, ZYNQ_7000))
    assert found == {"lut": 41895, "ff": 41588, "bram": 210, "dsp": 0, "uram": 0}


def test_a_report_without_its_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no row CLB Registers or Slice Registers"):
        parse_utilisation(_write(tmp_path, ULTRASCALE.replace("CLB Registers", "CLB Latches")))
    with pytest.raises(ToolError, match="cannot be read"):
        parse_utilisation(tmp_path / "absent.rpt")


def test_timing_that_is_met(tmp_path: Path) -> None:
    timing = parse_timing(_write(tmp_path, _timing(_GOOD, _ONE_CLOCK, f"clk_pl_0  {_GOOD}")))
    assert timing.met
    assert (timing.wns_ns, timing.whs_ns, timing.wpws_ns) == (3.119, 0.060, 2.225)
    assert (timing.clock, timing.period_ns, timing.failing_endpoints) == ("clk_pl_0", 10.0, (0, 15))
    assert timing.fmax_mhz == pytest.approx(1000 / (10 - 3.119), abs=0.01)
    assert timing.critical_path == "system_i/axi_chip_0/inst/a_reg[1]/C to system_i/axi_chip_0/inst/b_reg[0]/D, 6.470ns"


@pytest.mark.parametrize(
    "summary",
    [
        "-0.250 -3.100 12 15  0.060 0.000 0 15  2.225 0.000 0 9",
        "3.119 0.000 0 15  -0.010 -0.050 3 15  2.225 0.000 0 9",
        "3.119 0.000 0 15  0.060 0.000 0 15  -0.100 -0.100 1 9",
    ],
)
def test_any_negative_slack_is_a_failure(tmp_path: Path, summary: str) -> None:
    assert not parse_timing(_write(tmp_path, _timing(summary, _ONE_CLOCK, f"clk_pl_0  {summary}"))).met


def test_the_clock_with_the_least_room_gives_the_frequency(tmp_path: Path) -> None:
    clocks = (
        "clk_pl_0   {0.000 5.000}  10.000  100.000\n  clk_out1  {0.000 2.500}  5.000  200.000\n"
        "idle  {0.0 1.0}  2.000  500.0"
    )
    intra = (
        "clk_pl_0   3.119 0.000 0 15 0.060 0.000 0 15 2.225 0.000 0 9\n"
        "  clk_out1  0.500 0.000 0 15 0.060 0.000 0 15 2.225 0.000 0 9\n"
        "idle   1.000 0.000 0 2"
    )
    timing = parse_timing(_write(tmp_path, _timing("0.500" + _GOOD[5:], clocks, intra)))
    assert (timing.clock, timing.fmax_mhz) == ("clk_out1", round(1000 / 4.5, 2))


def test_a_design_without_a_clock_is_refused(tmp_path: Path) -> None:
    none = "NA NA NA NA NA NA NA NA NA NA NA NA"
    with pytest.raises(ToolError, match="is no clock constrained"):
        parse_timing(_write(tmp_path, _timing(none, _ONE_CLOCK, f"clk_pl_0  {_GOOD}")))
    with pytest.raises(ToolError, match="no section 'Design Timing Summary'"):
        parse_timing(_write(tmp_path, ULTRASCALE))


def test_reports_of_packages_name_neither_time_nor_machine() -> None:
    kept = without_origin(ULTRASCALE)
    assert "somewhere" not in kept
    assert "2024" not in kept
    assert "/home" not in kept
    assert len(kept.splitlines()) == len(ULTRASCALE.splitlines()) - 3
