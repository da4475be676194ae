// Sum of two's complement terms by a balanced tree, a register behind every adder.
//
// Parameters: TERMS of BITS each; SUM_BITS of the total, at least BITS (modulo arithmetic).
// Timing: log2(TERMS) clocks, rounded up. The registers lie in the adders' own cells, and without them synthesis would
//   join levels into carry-save adders, which take more cells.
module adder_tree #(
    parameter TERMS = 2,
    parameter BITS = 8,
    parameter SUM_BITS = 8
) (
    input clk,
    input [TERMS*BITS-1:0] terms,
    output [SUM_BITS-1:0] total
);
    localparam LEVELS = $clog2(TERMS);
    genvar level, i;
    generate
        for (level = 0; level <= LEVELS; level = level + 1) begin : row
            localparam COUNT = (TERMS + (1 << level) - 1) >> level;
            // One bit more a level, as many as the total has at most.
            localparam WIDTH = BITS + level < SUM_BITS ? BITS + level : SUM_BITS;
            wire [COUNT*WIDTH-1:0] node;
            if (level == 0) begin : leaves
                assign node = terms;
            end else begin : sums
                localparam BELOW = (TERMS + (1 << (level - 1)) - 1) >> (level - 1);
                localparam NARROW = BITS + level - 1 < SUM_BITS ? BITS + level - 1 : SUM_BITS;
                for (i = 0; i < COUNT; i = i + 1) begin : pair
                    wire signed [NARROW-1:0] first = row[level-1].node[2*i*NARROW +: NARROW];
                    wire signed [NARROW-1:0] second;
                    if (2 * i + 1 < BELOW) begin : two
                        assign second = row[level-1].node[(2*i+1)*NARROW +: NARROW];
                    end else begin : one
                        assign second = 0;
                    end
                    reg signed [WIDTH-1:0] sum;
                    always @(posedge clk)
                        sum <= first + second;
                    assign node[i*WIDTH +: WIDTH] = sum;
                end
            end
        end
        wire signed [(BITS+LEVELS < SUM_BITS ? BITS+LEVELS : SUM_BITS)-1:0] top = row[LEVELS].node;
        assign total = top;
    endgenerate
endmodule
