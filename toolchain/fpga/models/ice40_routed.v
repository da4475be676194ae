// Simulation models of the iCE40 cells in a netlist that nextpnr-ice40 has routed and ice40_netlist.py has prepared.
// Those of block RAMs, multipliers, single-port RAMs and global buffers are Yosys's own.

/* verilator lint_off DECLFILENAME */
/* verilator lint_off MULTITOP */
/* verilator lint_off PINMISSING */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off UNUSEDSIGNAL */

// A logic cell: a LUT of 4 inputs, a flip-flop behind it where DFF_ENABLE, and one bit of a carry chain.
module LOGIC_CELL #(
    parameter [15:0] LUT_INIT = 16'h0000,
    parameter [0:0] NEG_CLK = 1'b0,
    parameter [0:0] CARRY_ENABLE = 1'b0,
    parameter [0:0] DFF_ENABLE = 1'b0,
    parameter [0:0] SET_NORESET = 1'b0,
    parameter [0:0] ASYNC_SR = 1'b0,
    parameter [0:0] CIN_CONST = 1'b0,
    parameter [0:0] CIN_SET = 1'b0
) (input I0, I1, I2, I3, CIN, CLK, CEN, SR, output LO, O, COUT);
  wire lut = LUT_INIT[{I3, I2, I1, I0}];
  wire carry = CIN_CONST ? CIN_SET : CIN;
  assign LO = lut;
  assign COUT = CARRY_ENABLE && ((I1 && I2) || ((I1 || I2) && carry));
  generate
    if (!DFF_ENABLE) begin : plain
      assign O = lut;
    end else if (NEG_CLK || ASYNC_SR) begin : other
      unsupported_mode_of_a_flip_flop fault ();
    end else begin : clocked
      reg kept = 1'b0;
      always @(posedge CLK) if (CEN) kept <= SR ? SET_NORESET : lut;
      assign O = kept;
    end
  endgenerate
endmodule

// The pads.
module PAD_INPUT (input PACKAGE_PIN, output D_IN_0);
  assign D_IN_0 = PACKAGE_PIN;
endmodule

module PAD_OUTPUT (output PACKAGE_PIN, input D_OUT_0);
  assign PACKAGE_PIN = D_OUT_0;
endmodule
