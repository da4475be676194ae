// Power-on reset: high for 2**BITS - 1 cycles after configuration, and again after each `request`.
//
// 255 cycles at 12 MHz are 21 us; the block RAMs of iCE40 devices read wrong for some microseconds after configuration.
`default_nettype none
module reset_generator #(
    parameter BITS = 8
) (
    input  wire clk,
    input  wire request,
    output reg  rst
);
    reg [BITS-1:0] count = 0;
    initial rst = 1;
    always @(posedge clk) begin
        rst <= request || !(&count);
        if (request) count <= 0;
        else if (!(&count)) count <= count + 1;
    end
endmodule
`default_nettype wire
