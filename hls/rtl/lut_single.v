// A 4-input look-up table of the device, as it is: synthesis leaves it alone.
module lut_single #(
    parameter [15:0] INIT = 16'd0
) (
    input  wire [3:0] i,
    output wire       o
);
`ifdef SYNTHESIS
    LUT4 #(
        .INIT(INIT)
    ) table_i (
        .A(i[0]), .B(i[1]), .C(i[2]), .D(i[3]), .Z(o)
    );
`else
    assign o = INIT[i];
`endif
endmodule
