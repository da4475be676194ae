// Sum of SIMD unsigned elements, each passed, inverted or left out: weights +1, -1 and 0 without a multiplier.
//
// Parameters: SIMD elements of IN_BITS; SUM_BITS of the total, at least IN_BITS (modulo arithmetic).
// Timing: combinational, a balanced tree.
module masked_sum #(
    parameter SIMD = 1,
    parameter IN_BITS = 1,
    parameter SUM_BITS = 8
) (
    input [SIMD*IN_BITS-1:0] x,
    input [SIMD-1:0] enable,
    input [SIMD-1:0] invert,
    output [SUM_BITS-1:0] total
);
    // Masked as whole vectors, which simulates faster than element by element.
    wire [SIMD*IN_BITS-1:0] enables, inverts;
    genvar g;
    generate
        if (IN_BITS == 1) begin : one_bit
            assign enables = enable;
            assign inverts = invert;
        end else begin : spread
            for (g = 0; g < SIMD; g = g + 1) begin : element
                assign enables[g*IN_BITS +: IN_BITS] = {IN_BITS{enable[g]}};
                assign inverts[g*IN_BITS +: IN_BITS] = {IN_BITS{invert[g]}};
            end
        end
    endgenerate
    wire [SIMD*IN_BITS-1:0] terms = (x ^ inverts) & enables;

    reg [SUM_BITS-1:0] node [0:SIMD-1];
    integer i, step;
    always @* begin
        for (i = 0; i < SIMD; i = i + 1)
            node[i] = terms[i*IN_BITS +: IN_BITS];
        for (step = 1; step < SIMD; step = step * 2)
            for (i = 0; i + step < SIMD; i = i + 2 * step)
                node[i] = node[i] + node[i+step];
    end
    assign total = node[0];
endmodule
