// Simulation model of the ECP5 block RAM as ecp5_netlist.py prepares it: 1024 words x 18 bits with two
// ports (true dual port RAM, ROM), or one port to write 36 bits and one to read. The memory is kept in bytes
// of 9 bits; ports narrower than 9 bits see 8 bits of each. A read while the other port writes the same
// place gives the old data.

/* verilator lint_off DECLFILENAME */
/* verilator lint_off UNUSEDPARAM */
/* verilator lint_off UNUSEDSIGNAL */

module DP16KD #(
    parameter [20479:0] INITVAL = 20480'd0,  // words of 18 bits, 20 bits apart
    parameter [31:0] DATA_WIDTH_A = 18,
    parameter [31:0] DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter GSR = "DISABLED"
) (
    input CLKA, CEA, OCEA, WEA, RSTA,
    input CLKB, CEB, OCEB, WEB, RSTB,
    input [2:0] CSA, CSB,
    input [13:0] ADA, ADB,
    input [17:0] DIA, DIB,
    output [17:0] DOA, DOB
);
  reg [8:0] bytes[0:2047];
  integer word;
  initial
    for (word = 0; word < 1024; word = word + 1) begin
      bytes[2*word] = INITVAL[20*word+:9];
      bytes[2*word+1] = INITVAL[20*word+9+:9];
    end

  // By port: the first byte addressed, four bytes as stored from there, which to write, and with what.
  wire [10:0] base_a, base_b;
  wire [3:0] lanes_a, lanes_b;
  wire [35:0] value_a, value_b, read_a, read_b;
  wire [35:0] stored_a = {
    bytes[base_a|11'd3], bytes[base_a|11'd2], bytes[base_a|11'd1], bytes[base_a]
  };
  wire [35:0] stored_b = {
    bytes[base_b|11'd3], bytes[base_b|11'd2], bytes[base_b|11'd1], bytes[base_b]
  };
  integer a, b;
  always @(posedge CLKA)
    for (a = 0; a < 4; a = a + 1) if (lanes_a[a]) bytes[base_a|a[10:0]] <= value_a[9*a+:9];
  always @(posedge CLKB)
    for (b = 0; b < 4; b = b + 1) if (lanes_b[b]) bytes[base_b|b[10:0]] <= value_b[9*b+:9];

  // A port of 36 bits takes the data pins of both.
  DP16KD_PORT #(
      .WIDTH(DATA_WIDTH_A), .REGMODE(REGMODE_A), .RESETMODE(RESETMODE), .WRITEMODE(WRITEMODE_A),
      .CSDECODE(CSDECODE_A)
  ) port_a (
      .clock(CLKA), .enable(CEA), .register_enable(OCEA), .write(WEA), .reset(RSTA), .select(CSA),
      .address(ADA), .data({DIB, DIA}), .stored(stored_a), .base(base_a), .lanes(lanes_a),
      .value(value_a), .read(read_a)
  );
  DP16KD_PORT #(
      .WIDTH(DATA_WIDTH_B), .REGMODE(REGMODE_B), .RESETMODE(RESETMODE), .WRITEMODE(WRITEMODE_B),
      .CSDECODE(CSDECODE_B)
  ) port_b (
      .clock(CLKB), .enable(CEB), .register_enable(OCEB), .write(WEB), .reset(RSTB), .select(CSB),
      .address(ADB), .data({18'd0, DIB}), .stored(stored_b), .base(base_b), .lanes(lanes_b),
      .value(value_b), .read(read_b)
  );
  assign DOA = (DATA_WIDTH_B == 36) ? read_b[17:0] : read_a[17:0];
  assign DOB = (DATA_WIDTH_B == 36) ? read_b[35:18] : read_b[17:0];
endmodule

// One port of a block RAM: which bytes it addresses, what it writes, and its output register.
module DP16KD_PORT #(
    parameter [31:0] WIDTH = 18,
    parameter REGMODE = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter WRITEMODE = "NORMAL",
    parameter CSDECODE = "0b000"
) (
    input clock, enable, register_enable, write, reset,
    input [2:0] select,
    input [13:0] address,
    input [35:0] data,
    input [35:0] stored,
    output [10:0] base,
    output [3:0] lanes,
    output [35:0] value,
    output [35:0] read
);
  // Address bits below the width pick no byte; at 18 and 36 bits they are byte enables.
  localparam [3:0] LANES = (WIDTH == 36) ? 4'd15 : (WIDTH == 18) ? 4'd3 : 4'd1;
  localparam [10:0] INSIDE = (WIDTH == 36) ? 11'd3 : (WIDTH == 18) ? 11'd1 : 11'd0;
  localparam [2:0] STEP = (WIDTH == 1) ? 3'd7 : (WIDTH == 2) ? 3'd6 : (WIDTH == 4) ? 3'd4 : 3'd0;
  localparam [35:0] BITS = (WIDTH == 36) ? 36'hfffffffff : (36'd1 << WIDTH) - 36'd1;

  wire active = enable && select == 3'b000;
  wire blocked = (RESETMODE == "SYNC") && reset;
  wire [3:0] bytes = (WIDTH >= 18) ? (address[3:0] & LANES) : LANES;
  wire [2:0] shift = address[2:0] & STEP;
  wire [35:0] seen = (stored >> shift) & BITS;
  assign base = address[13:3] & ~INSIDE;
  assign lanes = (active && write && !blocked) ? bytes : 4'd0;
  assign value = (stored & ~(BITS << shift)) | ((data & BITS) << shift);

  wire [35:0] written = {{9{bytes[3]}}, {9{bytes[2]}}, {9{bytes[1]}}, {9{bytes[0]}}};
  wire [35:0] through = (seen & ~written) | (data & BITS & written);
  wire loads = active && (!write || WRITEMODE != "NORMAL");
  wire [35:0] next = (write && WRITEMODE == "WRITETHROUGH") ? through : seen;
  reg [35:0] latch = 36'd0, register = 36'd0;
  generate
    if (RESETMODE == "ASYNC") begin : asynchronous
      always @(posedge clock or posedge reset)
        if (reset) latch <= 36'd0;
        else if (loads) latch <= next;
      always @(posedge clock or posedge reset)
        if (reset) register <= 36'd0;
        else if (register_enable) register <= latch;
    end else begin : synchronous
      always @(posedge clock)
        if (reset) latch <= 36'd0;
        else if (loads) latch <= next;
      always @(posedge clock)
        if (reset) register <= 36'd0;
        else if (register_enable) register <= latch;
    end
    if (CSDECODE != "0b000") unsupported_block_ram_select fault ();
  endgenerate
  assign read = (REGMODE == "OUTREG") ? register : latch;
endmodule
