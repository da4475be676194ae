// Product of an unsigned element with a two's complement weight.
//
// Parameters: MULTIPLIER is "dsp", or "lut" for rows of adders.
// Timing: one register, behind the multiplier.
module mac_product #(
    parameter IN_BITS = 8,
    parameter WEIGHT_BITS = 8,
    parameter MULTIPLIER = "dsp"
) (
    input clk,
    input [IN_BITS-1:0] x,
    input [WEIGHT_BITS-1:0] weight,
    output reg [IN_BITS+WEIGHT_BITS-1:0] product
);
    localparam BITS = IN_BITS + WEIGHT_BITS;
    generate
        if (MULTIPLIER == "dsp") begin : dsp
            wire signed [IN_BITS:0] element = {1'b0, x};
            wire signed [WEIGHT_BITS-1:0] factor = weight;
            always @(posedge clk)
                product <= element * factor;
        end else begin : lut
            // The top bit of the weight counts negatively.
            reg [BITS-1:0] total;
            integer bit_;
            always @* begin
                total = 0;
                for (bit_ = 0; bit_ < WEIGHT_BITS - 1; bit_ = bit_ + 1)
                    total = total + ((weight[bit_] ? x : {BITS{1'b0}}) << bit_);
                total = total - ((weight[WEIGHT_BITS-1] ? x : {BITS{1'b0}}) << (WEIGHT_BITS - 1));
            end
            always @(posedge clk)
                product <= total;
        end
    endgenerate
endmodule
