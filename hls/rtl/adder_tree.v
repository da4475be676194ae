// Sum of two's complement terms by a balanced tree with a register behind every LEVELS levels.
//
// Parameters: TERMS of BITS each, SUM_BITS of the total, at least BITS (modulo arithmetic).
// Timing: `total` comes from a register ceil(log2(TERMS) / LEVELS) clocks after the terms; of one term it is the term.
module adder_tree #(
    parameter TERMS = 2,
    parameter BITS = 8,
    parameter SUM_BITS = 8,
    parameter LEVELS = 2
) (
    input clk,
    input [TERMS*BITS-1:0] terms,
    output [SUM_BITS-1:0] total
);
    localparam DEPTH = $clog2(TERMS);
    genvar level, i;
    generate
        for (level = 0; level <= DEPTH; level = level + 1) begin : row
            localparam COUNT = (TERMS + (1 << level) - 1) >> level;
            // One bit more a level, as many as the total has at most.
            localparam WIDTH = BITS + level < SUM_BITS ? BITS + level : SUM_BITS;
            wire [COUNT*WIDTH-1:0] node;
            if (level == 0) begin : leaves
                assign node = terms;
            end else begin : sums
                localparam BELOW = (TERMS + (1 << (level - 1)) - 1) >> (level - 1);
                localparam NARROW = BITS + level - 1 < SUM_BITS ? BITS + level - 1 : SUM_BITS;
                wire [COUNT*WIDTH-1:0] sum;
                for (i = 0; i < COUNT; i = i + 1) begin : pair
                    wire signed [NARROW-1:0] first = row[level-1].node[2*i*NARROW +: NARROW];
                    if (2 * i + 1 < BELOW) begin : two
                        wire signed [NARROW-1:0] second = row[level-1].node[(2*i+1)*NARROW +: NARROW];
                        assign sum[i*WIDTH +: WIDTH] = first + second;
                    end else begin : one
                        wire signed [WIDTH-1:0] alone = first;
                        assign sum[i*WIDTH +: WIDTH] = alone;
                    end
                end
                if (level % LEVELS == 0 || level == DEPTH) begin : stage
                    reg [COUNT*WIDTH-1:0] held;
                    always @(posedge clk)
                        held <= sum;
                    assign node = held;
                end else begin : wires
                    assign node = sum;
                end
            end
        end
        wire signed [(BITS+DEPTH < SUM_BITS ? BITS+DEPTH : SUM_BITS)-1:0] top = row[DEPTH].node;
        assign total = top;
    endgenerate
endmodule
