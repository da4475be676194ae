// What a host may change in a core at run time: COUNT settings, each in a register that drives the core.
//
// Parameters, setting 0 lowest: BITS of each, 1 to 32; SIGNED, whether it is two's complement; RESETS, its value after a
// reset. A value is taken as it is: its range is the driver's business.
`default_nettype none
module settings #(
    parameter                  COUNT  = 1,
    parameter [8*COUNT-1:0]    BITS   = 8,
    parameter [COUNT-1:0]      SIGNED = 0,
    parameter [32*COUNT-1:0]   RESETS = 0
) (
    input  wire                clk,
    input  wire                rst,
    input  wire                write,
    input  wire [7:0]          write_number,
    input  wire [31:0]         value,
    input  wire [7:0]          read_number,
    output wire [31:0]         held,   // the setting `read_number`
    output wire [32*COUNT-1:0] values  // all of them, a word each, extended by their signs
);
    localparam INDEX = COUNT > 1 ? $clog2(COUNT) : 1;
    genvar i;
    generate
        for (i = 0; i < COUNT; i = i + 1) begin : each
            localparam WIDTH = BITS[8*i +: 8];
            localparam [31:0] NUMBER = i;
            reg [WIDTH-1:0] kept = RESETS[32*i +: WIDTH];
            wire [WIDTH+31:0] wide = {{32{SIGNED[i] && kept[WIDTH-1]}}, kept};
            assign values[32*i +: 32] = wide[31:0];
            always @(posedge clk)
                if (rst) kept <= RESETS[32*i +: WIDTH];
                else if (write && write_number == NUMBER[7:0]) kept <= value[WIDTH-1:0];
            wire unused = &{1'b0, wide[WIDTH+31:32], value};
        end
        if (COUNT == 1) begin : one
            assign held = values;
            wire unused = &{1'b0, read_number};
        end else begin : one_of
            assign held = values[32*read_number[INDEX-1:0] +: 32];
            wire unused = &{1'b0, read_number};
        end
    endgenerate
endmodule
`default_nettype wire
