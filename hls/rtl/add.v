// The sum of several streams, each code with a factor, and a constant; of one stream, a change of unit.
//
// Parameters: lanes as beats have elements; input i has INPUT_BITS[i*8 +: 8] bits an element. The sum has TERMS terms, of
//   SUM_BITS (modulo arithmetic). Term t takes TERM_BITS bits (TERM[t*64 +: 8]) of input TERM[t*64+8 +: 8]'s code from
//   bit TERM[t*64+16 +: 8] on, times the factor TERM[t*64+32 +: 18], shifted left by TERM[t*64+24 +: 8] bits, and is
//   subtracted where TERM[t*64+63] is set. HAS_START adds START; it is set where all terms are subtracted. The result
//   is the sum's bits from SHIFT on. PRODUCTS says that a factor is not 1: products have a register of their own.
// Timing: one beat of each input a clock; latency 1 + PRODUCTS + $clog2(TERMS + HAS_START).
module add #(
    parameter INPUTS = 1,
    parameter LANES = 1,
    parameter [INPUTS*8-1:0] INPUT_BITS = 8,
    parameter IN_WIDTH = 8,
    parameter TERMS = 1,
    parameter [TERMS*64-1:0] TERM = 0,
    parameter SUM_BITS = 8,
    parameter HAS_START = 0,
    parameter [SUM_BITS-1:0] START = 0,
    parameter SHIFT = 0,
    parameter PRODUCTS = 0
) (
    input clk,
    input rst,
    input [IN_WIDTH-1:0] in_data,
    input [INPUTS-1:0] in_valid,
    output [INPUTS-1:0] in_ready,
    output [LANES*(SUM_BITS-SHIFT)-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam OUT_BITS = SUM_BITS - SHIFT;
    localparam ADDENDS = TERMS + HAS_START;
    localparam LEVELS = $clog2(ADDENDS);
    localparam LATENCY = 1 + PRODUCTS + LEVELS;

    wire issue = &in_valid && out_room;
    assign in_ready = {INPUTS{issue}};
    assign out_reserve = issue;

    reg [LATENCY-1:0] pushes;
    assign out_push = pushes[LATENCY-1];
    always @(posedge clk)
        if (rst)
            pushes <= 0;
        else
            pushes <= {pushes, issue} & {LATENCY{1'b1}};

    reg [IN_WIDTH-1:0] beats;
    always @(posedge clk)
        beats <= in_data;

    // Where the lane of an input begins in the beats.
    function integer place;
        input integer number, lane;
        integer i;
        begin
            place = lane * INPUT_BITS[number*8 +: 8];
            for (i = 0; i < number; i = i + 1)
                place = place + LANES * INPUT_BITS[i*8 +: 8];
        end
    endfunction

    // Addends of level l that are left of ADDENDS.
    function integer left;
        input integer level;
        left = (ADDENDS + (1 << level) - 1) >> level;
    endfunction

    // Whether a sum of level l is to be subtracted: all its terms are.
    function subtracted;
        input integer level, number;
        integer i;
        begin
            subtracted = 1'b1;
            for (i = number << level; i < (number + 1) << level; i = i + 1)
                if (i < ADDENDS)
                    subtracted = subtracted && i < TERMS && TERM[i*64+63];
        end
    endfunction

    genvar p, t, l;
    generate
        for (p = 0; p < LANES; p = p + 1) begin : lane
            for (l = 0; l <= LEVELS; l = l + 1) begin : level
                wire [left(l)*SUM_BITS-1:0] sums;
            end
            for (t = 0; t < TERMS; t = t + 1) begin : term
                localparam [63:0] HOW = TERM[t*64 +: 64];
                localparam BITS = HOW[7:0];
                localparam FROM = place(HOW[15:8], p) + HOW[23:16];
                localparam FACTOR_BITS = $clog2(HOW[49:32] + 1);
                localparam [FACTOR_BITS-1:0] FACTOR = HOW[49:32];
                wire [BITS+FACTOR_BITS-1:0] product;
                if (PRODUCTS) begin : registered
                    reg [BITS+FACTOR_BITS-1:0] kept;
                    always @(posedge clk)
                        kept <= beats[FROM +: BITS] * FACTOR;
                    assign product = kept;
                end else begin : direct
                    assign product = beats[FROM +: BITS];
                end
                wire [SUM_BITS+BITS+FACTOR_BITS-1:0] shifted = product << HOW[31:24];
                assign level[0].sums[t*SUM_BITS +: SUM_BITS] = shifted[SUM_BITS-1:0];
            end
            if (HAS_START) begin : start
                assign level[0].sums[TERMS*SUM_BITS +: SUM_BITS] = START;
            end
            for (l = 0; l < LEVELS; l = l + 1) begin : tree
                for (t = 0; t < left(l + 1); t = t + 1) begin : node
                    reg [SUM_BITS-1:0] sum;
                    wire [SUM_BITS-1:0] first = level[l].sums[2*t*SUM_BITS +: SUM_BITS];
                    if (2 * t + 1 < left(l)) begin : pair
                        wire [SUM_BITS-1:0] second = level[l].sums[(2*t+1)*SUM_BITS +: SUM_BITS];
                        always @(posedge clk)
                            if (subtracted(l, 2 * t) == subtracted(l, 2 * t + 1))
                                sum <= first + second;
                            else if (subtracted(l, 2 * t))
                                sum <= second - first;
                            else
                                sum <= first - second;
                    end else begin : alone
                        always @(posedge clk)
                            sum <= first;
                    end
                    assign level[l+1].sums[t*SUM_BITS +: SUM_BITS] = sum;
                end
            end
            assign out_data[p*OUT_BITS +: OUT_BITS] = level[LEVELS].sums[SUM_BITS-1:SHIFT];
        end
    endgenerate
endmodule
