// Products of one unsigned element with several weights, by one multiplier.
//
// Parameters: COUNT weights of WEIGHT_BITS, each stored 2**(WEIGHT_BITS-1) too large and so unsigned, lie side by side in
//   the multiplier, SPACING bits apart. What they are too large by is taken off behind it. SPACING is a product's bits, or
//   one less: then the top bit of a product is added to the next one. That one's lowest bit is known without it, the AND of
//   two lowest bits, so the sum's lowest bit tells the top bit. The products are two's complement.
// Timing: two registers, one behind the multiplier.
module mac_packed #(
    parameter IN_BITS = 4,
    parameter WEIGHT_BITS = 4,
    parameter COUNT = 2,
    parameter SPACING = IN_BITS + WEIGHT_BITS
) (
    input clk,
    input [IN_BITS-1:0] x,
    input [COUNT*WEIGHT_BITS-1:0] weights,
    output [COUNT*(IN_BITS+WEIGHT_BITS)-1:0] products
);
    localparam BITS = IN_BITS + WEIGHT_BITS;
    localparam LAST = (COUNT - 1) * SPACING;
    reg [LAST+WEIGHT_BITS-1:0] factors;
    reg [LAST+BITS-1:0] together;
    reg [IN_BITS-1:0] element;
    integer k;
    always @* begin
        factors = 0;
        for (k = 0; k < COUNT; k = k + 1)
            factors[k*SPACING +: WEIGHT_BITS] = weights[k*WEIGHT_BITS +: WEIGHT_BITS];
    end
    always @(posedge clk) begin
        together <= factors * x;
        element <= x;
    end
    wire [BITS-1:0] excess = {1'b0, element, {(WEIGHT_BITS-1){1'b0}}};
    genvar n;
    generate
        for (n = 0; n < COUNT; n = n + 1) begin : weight
            reg [BITS-1:0] product;
            assign products[n*BITS +: BITS] = product;
            if (SPACING == BITS) begin : apart
                always @(posedge clk)
                    product <= together[n*BITS +: BITS] - excess;
            end else begin : overlapping
                // What the product below adds to this one.
                wire carried;
                if (n == 0) begin : lowest
                    assign carried = 1'b0;
                end else begin : above
                    reg low;
                    always @(posedge clk)
                        low <= weights[n*WEIGHT_BITS] & x[0];
                    assign carried = together[n*SPACING] ^ low;
                end
                wire top;
                if (n == COUNT - 1) begin : highest
                    assign top = together[LAST+BITS-1];
                end else begin : below
                    assign top = weight[n+1].overlapping.carried;
                end
                // The added lowest bit borrows where something was carried: one chain takes both off.
                wire [BITS:0] rest = {top, together[n*SPACING +: SPACING], 1'b0} - {excess, carried};
                always @(posedge clk)
                    product <= rest[BITS:1];
            end
        end
    endgenerate
endmodule
