// Sum of SIMD products of unsigned elements with two's complement weights.
//
// Parameters: SIMD elements of IN_BITS; WEIGHT_BITS a weight; SUM_BITS of the two's complement total.
// Timing: combinational, a balanced tree.
module weighted_sum #(
    parameter SIMD = 1,
    parameter IN_BITS = 1,
    parameter WEIGHT_BITS = 4,
    parameter SUM_BITS = 8
) (
    input [SIMD*IN_BITS-1:0] x,
    input [SIMD*WEIGHT_BITS-1:0] weights,
    output [SUM_BITS-1:0] total
);
    reg signed [SUM_BITS-1:0] node [0:SIMD-1];
    reg signed [IN_BITS:0] element;
    reg signed [WEIGHT_BITS-1:0] weight;
    integer i, step;
    always @* begin
        for (i = 0; i < SIMD; i = i + 1) begin
            element = {1'b0, x[i*IN_BITS +: IN_BITS]};
            weight = weights[i*WEIGHT_BITS +: WEIGHT_BITS];
            node[i] = element * weight;
        end
        for (step = 1; step < SIMD; step = step * 2)
            for (i = 0; i + step < SIMD; i = i + 2 * step)
                node[i] = node[i] + node[i+step];
    end
    assign total = node[0];
endmodule
