// Walks a padded tensor in raster order and tells, from registers, where its padding is.
//
// Parameters: rows and words of a row, before, in and after the tensor.
// Timing: `padding` is of the word that the next `step` passes.
module padding_walk #(
    parameter BEFORE_Y = 0,
    parameter ROWS = 1,
    parameter AFTER_Y = 0,
    parameter BEFORE_X = 0,
    parameter COLUMNS = 1,
    parameter AFTER_X = 0
) (
    input clk,
    input rst,
    input step,
    output padding
);
    generate
        if (BEFORE_Y + AFTER_Y + BEFORE_X + AFTER_X == 0) begin : none
            assign padding = 1'b0;
        end else begin : some
            wire row_ends, outside_x, outside_y;
            padding_axis #(.BEFORE(BEFORE_X), .SIZE(COLUMNS), .AFTER(AFTER_X))
                x (.clk(clk), .rst(rst), .step(step), .last(row_ends), .outside(outside_x));
            padding_axis #(.BEFORE(BEFORE_Y), .SIZE(ROWS), .AFTER(AFTER_Y))
                y (.clk(clk), .rst(rst), .step(step && row_ends), .last(), .outside(outside_y));
            assign padding = outside_x || outside_y;
        end
    endgenerate
endmodule
