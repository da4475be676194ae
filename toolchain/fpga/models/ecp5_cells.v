// Simulation models of the ECP5 cells in a netlist that nextpnr-ecp5 has routed and ecp5_netlist.py has
// prepared: open inputs tied, pin multiplexers resolved, the pins of block RAMs gathered in buses.

/* verilator lint_off DECLFILENAME */
/* verilator lint_off MULTITOP */
/* verilator lint_off PINMISSING */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off UNUSEDSIGNAL */

// What the preparation puts where a pin inverts.
module PIN_INVERTER (input I, output O);
  assign O = !I;
endmodule

// Half of a slice without its flip-flop: a LUT of 4 inputs, one bit of a carry chain, or 16 x 1 RAM.
// OFX joins the two LUTs of a slice (lower half) or two such pairs (upper half).
module TRELLIS_COMB #(
    parameter MODE = "LOGIC",
    parameter [15:0] INITVAL = 16'h0000,
    parameter CCU2_INJECT1 = "NO",
    parameter [0:0] UPPER = 1'b0
) (
    input A, B, C, D, M,
    input F1, FXA, FXB, FCI,
    input DI0, DI1, WD, WAD0, WAD1, WAD2, WAD3, WRE, WCK,
    output F, FCO, OFX
);
  generate
    if (MODE == "DPRAM") begin : ram
      reg [15:0] bits = INITVAL;
      always @(posedge WCK) if (WRE) bits[{WAD3, WAD2, WAD1, WAD0}] <= WD;
      // The bits of the address enter in another order of pins than those of a LUT.
      assign F = bits[{A, C, B, D}];
      assign FCO = 1'b0;
    end else if (MODE == "CCU2") begin : carry
      wire lut = INITVAL[{D, C, B, A}];
      wire first = (CCU2_INJECT1 == "YES");
      assign F = lut ^ (FCI && !first);
      assign FCO = lut ? FCI : (INITVAL[{2'b00, B, A}] && !first);
    end else if (MODE == "LOGIC" || MODE == "RAMW_BLOCK") begin : logic_lut
      assign F = INITVAL[{D, C, B, A}];
      assign FCO = 1'b0;
    end else unsupported_mode_of_a_lut fault ();
  endgenerate
  assign OFX = UPPER ? (M ? FXB : FXA) : (M ? F1 : F);
endmodule

// The write port of the LUT RAM in a tile: it only passes address and data on.
module TRELLIS_RAMW (
    input A0, B0, C0, D0, A1, B1, C1, D1,
    output WDO0, WDO1, WDO2, WDO3, WADO0, WADO1, WADO2, WADO3
);
  assign {WADO3, WADO2, WADO1, WADO0} = {A0, C0, B0, D0};
  assign {WDO3, WDO2, WDO1, WDO0} = {B1, D1, A1, C1};
endmodule

// A flip-flop. SD picks its data: "1" the LUT beside it (DI), "0" the slice's M pin.
module TRELLIS_FF #(
    parameter SD = "0",
    parameter GSR = "DISABLED",
    parameter REGSET = "RESET",
    parameter SRMODE = "LSR_OVER_CE"
) (input CLK, input CE, input LSR, input DI, input M, output reg Q);
  localparam [0:0] START = (REGSET == "SET");
  wire data = (SD == "1") ? DI : M;
  initial Q = START;
  generate
    if (SRMODE == "ASYNC") begin : asynchronous
      always @(posedge CLK or posedge LSR)
        if (LSR) Q <= START;
        else if (CE) Q <= data;
    end else if (SRMODE == "LSR_OVER_CE") begin : over_enable
      always @(posedge CLK)
        if (LSR) Q <= START;
        else if (CE) Q <= data;
    end else if (SRMODE == "CE_OVER_LSR") begin : under_enable
      always @(posedge CLK) if (CE) Q <= LSR ? START : data;
    end else unsupported_mode_of_a_flip_flop fault ();
  endgenerate
endmodule

// The pads: nextpnr has one cell for all directions; a simulator wants B to have one.
module TRELLIS_IO_INPUT #(
    parameter DIR = "INPUT", parameter DATAMUX_ODDR = "PADDO", parameter DATAMUX_MDDR = "PADDO"
) (input B, input I, input T, input IOLDO, input IOLTO, output O);
  assign O = B;
endmodule

module TRELLIS_IO_OUTPUT #(
    parameter DIR = "OUTPUT", parameter DATAMUX_ODDR = "PADDO", parameter DATAMUX_MDDR = "PADDO"
) (output B, input I, input T, input IOLDO, input IOLTO, output O);
  assign B = I;
  assign O = I;
endmodule

// Entry of a clock into the global network.
module DCCA (input CLKI, input CE, output CLKO);
  assign CLKO = CLKI;
endmodule

// A multiplier without its registers.
module MULT18X18D (input [17:0] A, input [17:0] B, input SIGNEDA, input SIGNEDB, output [35:0] P);
  wire signed [18:0] a = {SIGNEDA && A[17], A};
  wire signed [18:0] b = {SIGNEDB && B[17], B};
  wire signed [37:0] product = a * b;
  assign P = product[35:0];
endmodule
