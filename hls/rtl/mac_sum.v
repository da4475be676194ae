// Sum of products of unsigned elements with weights, registered.
//
// Parameters: as in mac.v; SUM_BITS of the two's complement total (modulo arithmetic). Where MULTIPLIER is "packed",
//   products come from outside, as late as their multipliers yield them.
// Timing: the total comes from a register, but for one bipolar or ternary term; a clock later for integer weights, and
//   one for each level of the tree.
module mac_sum #(
    parameter TERMS = 1,
    parameter IN_BITS = 1,
    parameter WEIGHT_KIND = 2,
    parameter WEIGHT_BITS = 2,
    parameter MULTIPLIER = "dsp",
    parameter SUM_BITS = 8
) (
    input clk,
    input [TERMS*IN_BITS-1:0] x,
    input [TERMS*WEIGHT_BITS-1:0] weights,
    input [TERMS*(IN_BITS+WEIGHT_BITS)-1:0] products,
    output [SUM_BITS-1:0] sum
);
    localparam WHOLE_BITS = WEIGHT_KIND == 2 ? IN_BITS + WEIGHT_BITS : IN_BITS + 1;
    localparam TERM_BITS = WHOLE_BITS < SUM_BITS ? WHOLE_BITS : SUM_BITS;
    wire [TERMS*TERM_BITS-1:0] terms;
    genvar i;
    generate
        for (i = 0; i < TERMS; i = i + 1) begin : term
            wire [IN_BITS-1:0] element = x[i*IN_BITS +: IN_BITS];
            if (WEIGHT_KIND == 2 && MULTIPLIER == "packed") begin : packed_weight
                assign terms[i*TERM_BITS +: TERM_BITS] = products[i*WHOLE_BITS +: TERM_BITS];
            end else if (WEIGHT_KIND == 2) begin : integer_weight
                wire [WHOLE_BITS-1:0] product;
                mac_product #(.IN_BITS(IN_BITS), .WEIGHT_BITS(WEIGHT_BITS), .MULTIPLIER(MULTIPLIER)) multiplier (
                    .clk(clk), .x(element), .weight(weights[i*WEIGHT_BITS +: WEIGHT_BITS]), .product(product)
                );
                assign terms[i*TERM_BITS +: TERM_BITS] = product[TERM_BITS-1:0];
            end else begin : sign_weight
                wire enable = WEIGHT_KIND == 0 ? 1'b1 : weights[i];
                wire invert = weights[WEIGHT_KIND == 0 ? i : TERMS + i];
                wire [WHOLE_BITS-1:0] masked = (element ^ {IN_BITS{invert}}) & {IN_BITS{enable}};
                assign terms[i*TERM_BITS +: TERM_BITS] = masked[TERM_BITS-1:0];
            end
        end
    endgenerate
    adder_tree #(.TERMS(TERMS), .BITS(TERM_BITS), .SUM_BITS(SUM_BITS)) tree (.clk(clk), .terms(terms), .total(sum));
endmodule
