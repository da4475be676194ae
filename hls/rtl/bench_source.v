// Stored input vectors for the bench: a ROM of beats, read in a circle, a beat a cycle at most.
//
// FILE holds DEPTH words for $readmemh. `data` is the next beat from the cycle after `read`.
`default_nettype none
module bench_source #(
    parameter WIDTH = 8,
    parameter DEPTH = 640,
    parameter FILE  = ""
) (
    input  wire             clk,
    input  wire             rewind,  // to the first beat
    input  wire             read,
    output reg  [WIDTH-1:0] data
);
    localparam ADDRESS = DEPTH > 1 ? $clog2(DEPTH) : 1;
    localparam LAST    = DEPTH - 1;

    reg [WIDTH-1:0] rom [0:DEPTH-1];
    generate if (FILE != "") begin : load
        initial $readmemh(FILE, rom);
    end endgenerate

    reg [ADDRESS-1:0] address = 0;
    always @(posedge clk) begin
        if (read) data <= rom[address];
        if (rewind) address <= 0;
        else if (read) address <= address == LAST[ADDRESS-1:0] ? {ADDRESS{1'b0}} : address + 1'b1;
    end
endmodule
`default_nettype wire
