// A carry chain behind look-up tables: a place shows `s` plus the carry from below, and passes that carry on where `s` is 1,
// its `d` where it is 0. No carry goes into the lowest place; one whose `s` is 0 begins a chain with `d`.
module carry_places #(
    parameter PLACES = 4
) (
    input  wire [PLACES-1:0] s,
    input  wire [PLACES-1:0] d,
    output wire [PLACES-1:0] sum
);
`ifdef SYNTHESIS
    localparam CELLS = (PLACES + 3) / 4;
    wire [4*CELLS+3:0] propagate = {{(4 * CELLS + 4 - PLACES){1'b0}}, s};
    wire [4*CELLS+3:0] data = {{(4 * CELLS + 4 - PLACES){1'b0}}, d};
    wire [4*CELLS-1:0] out;
    wire [4*CELLS+3:0] carries;
    assign carries[3:0] = 4'd0;
    assign sum = out[PLACES-1:0];
    genvar i;
    generate
        for (i = 0; i < CELLS; i = i + 1) begin : cells
            CARRY4 carry_i (
                .CI(carries[4*i+3]), .CYINIT(1'b0), .S(propagate[4*i+3:4*i]), .DI(data[4*i+3:4*i]),
                .O(out[4*i+3:4*i]), .CO(carries[4*i+7:4*i+4])
            );
        end
    endgenerate
`else
    // One operand is `d`; the other differs from it where `s` is 1.
    assign sum = d + (s ^ d);
`endif
endmodule
