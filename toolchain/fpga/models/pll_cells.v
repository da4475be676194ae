// Simulation models of the PLLs' cells. A simulator's clock has no frequency, so they pass the crystal's clock on, and
// whoever simulates lets it stand for the PLL's. What the dividers make of a crystal is not seen here.

/* verilator lint_off DECLFILENAME */
/* verilator lint_off MULTITOP */
/* verilator lint_off PINMISSING */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off UNUSEDSIGNAL */

// Locked for good after 64 clocks.
module pll_model (input crystal, off, output clock, locked);
  reg [6:0] count = 0;
  assign clock = crystal;
  assign locked = count[6];
  always @(posedge crystal) count <= off ? 7'd0 : count + {6'd0, !locked};
endmodule

// ECP5.
module EHXPLLL #(
    parameter CLKI_DIV = 1, CLKFB_DIV = 1, CLKOP_DIV = 8, CLKOP_CPHASE = 0, CLKOP_FPHASE = 0,
    parameter CLKOP_ENABLE = "ENABLED", FEEDBK_PATH = "CLKOP"
) (
    input CLKI, CLKFB, RST, STDBY, PLLWAKESYNC, ENCLKOP, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG,
    output CLKOP, LOCK
);
  pll_model model (.crystal(CLKI), .off(RST || STDBY), .clock(CLKOP), .locked(LOCK));
endmodule

// iCE40: the crystal at the PLL's own pad.
module SB_PLL40_PAD #(
    parameter FEEDBACK_PATH = "SIMPLE", DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED",
    parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED", PLLOUT_SELECT = "GENCLK",
    parameter SHIFTREG_DIV_MODE = 0, FDA_FEEDBACK = 0, FDA_RELATIVE = 0, DIVR = 0, DIVF = 0, DIVQ = 0,
    parameter FILTER_RANGE = 0, ENABLE_ICEGATE = 0, TEST_MODE = 0
) (
    input PACKAGEPIN, EXTFEEDBACK, BYPASS, RESETB, LATCHINPUTVALUE, SDI, SCLK,
    input [7:0] DYNAMICDELAY,
    output PLLOUTCORE, PLLOUTGLOBAL, LOCK, SDO
);
  pll_model model (.crystal(PACKAGEPIN), .off(!RESETB), .clock(PLLOUTGLOBAL), .locked(LOCK));
  assign PLLOUTCORE = PLLOUTGLOBAL;
endmodule

// iCE40: the crystal from the fabric.
module SB_PLL40_CORE #(
    parameter FEEDBACK_PATH = "SIMPLE", DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED",
    parameter DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED", PLLOUT_SELECT = "GENCLK",
    parameter SHIFTREG_DIV_MODE = 0, FDA_FEEDBACK = 0, FDA_RELATIVE = 0, DIVR = 0, DIVF = 0, DIVQ = 0,
    parameter FILTER_RANGE = 0, ENABLE_ICEGATE = 0, TEST_MODE = 0
) (
    input REFERENCECLK, EXTFEEDBACK, BYPASS, RESETB, LATCHINPUTVALUE, SDI, SCLK,
    input [7:0] DYNAMICDELAY,
    output PLLOUTCORE, PLLOUTGLOBAL, LOCK, SDO
);
  pll_model model (.crystal(REFERENCECLK), .off(!RESETB), .clock(PLLOUTGLOBAL), .locked(LOCK));
  assign PLLOUTCORE = PLLOUTGLOBAL;
endmodule

// Gowin.
module rPLL #(
    parameter DEVICE = "", FCLKIN = "", CLKFB_SEL = "internal",
    parameter IDIV_SEL = 0, FBDIV_SEL = 0, ODIV_SEL = 8
) (
    input CLKIN, RESET, RESET_P, CLKFB,
    input [5:0] IDSEL, FBDSEL, ODSEL,
    input [3:0] PSDA, DUTYDA, FDLY,
    output CLKOUT, LOCK
);
  pll_model model (.crystal(CLKIN), .off(RESET || RESET_P), .clock(CLKOUT), .locked(LOCK));
endmodule
