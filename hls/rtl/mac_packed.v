// Products of one unsigned element with several weights, by one multiplier.
//
// Parameters: COUNT weights of WEIGHT_BITS, each stored 2**(WEIGHT_BITS-1) too large and so unsigned. Side by side in the
//   multiplier, as far apart as a product is wide, their products do not meet; what the weights are too large by is taken
//   off behind it. The products are two's complement.
// Timing: two registers, one behind the multiplier.
module mac_packed #(
    parameter IN_BITS = 4,
    parameter WEIGHT_BITS = 4,
    parameter COUNT = 2
) (
    input clk,
    input [IN_BITS-1:0] x,
    input [COUNT*WEIGHT_BITS-1:0] weights,
    output [COUNT*(IN_BITS+WEIGHT_BITS)-1:0] products
);
    localparam BITS = IN_BITS + WEIGHT_BITS;
    wire [COUNT*BITS-IN_BITS-1:0] factors;
    reg [COUNT*BITS-1:0] together;
    reg [IN_BITS-1:0] element;
    always @(posedge clk) begin
        together <= factors * x;
        element <= x;
    end
    genvar n;
    generate
        for (n = 0; n < COUNT; n = n + 1) begin : weight
            assign factors[n*BITS +: WEIGHT_BITS] = weights[n*WEIGHT_BITS +: WEIGHT_BITS];
            if (n < COUNT - 1) begin : gap
                assign factors[n*BITS+WEIGHT_BITS +: IN_BITS] = 0;
            end
            reg [BITS-1:0] product;
            always @(posedge clk)
                product <= together[n*BITS +: BITS] - {1'b0, element, {(WEIGHT_BITS-1){1'b0}}};
            assign products[n*BITS +: BITS] = product;
        end
    endgenerate
endmodule
