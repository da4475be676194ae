// A 6-input look-up table with two outputs: o6 of all inputs, o5 of the lower five as if i[5] were 0.
module lut_pair #(
    parameter [63:0] INIT = 64'd0
) (
    input  wire [5:0] i,
    output wire       o5,
    output wire       o6
);
`ifdef SYNTHESIS
    LUT6_2 #(
        .INIT(INIT)
    ) table_i (
        .I0(i[0]), .I1(i[1]), .I2(i[2]), .I3(i[3]), .I4(i[4]), .I5(i[5]), .O5(o5), .O6(o6)
    );
`else
    assign o5 = INIT[{1'b0, i[4:0]}];
    assign o6 = INIT[i];
`endif
endmodule
