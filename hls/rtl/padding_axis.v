// Walks one padded axis again and again and tells, from registers, whether it is outside and at its last place.
//
// Parameters: places BEFORE, SIZE within and AFTER.
// Timing: `last` and `outside` are of the place that the next `step` leaves.
module padding_axis #(
    parameter BEFORE = 0,
    parameter SIZE = 1,
    parameter AFTER = 0
) (
    input clk,
    input rst,
    input step,
    output last,
    output reg outside
);
    localparam LENGTH = BEFORE + SIZE + AFTER;
    localparam BITS = LENGTH > 1 ? $clog2(LENGTH) : 1;
    localparam [BITS-1:0] ENTERS = BEFORE - 1;
    localparam [BITS-1:0] LEAVES = BEFORE + SIZE - 1;
    wire [BITS-1:0] place;
    loop_end #(.SIZE(LENGTH)) places (.clk(clk), .rst(rst), .step(step), .round(place), .last(last));
    always @(posedge clk)
        if (rst || (step && last))
            outside <= BEFORE > 0;
        else if (step && BEFORE > 0 && place == ENTERS)
            outside <= 1'b0;
        else if (step && AFTER > 0 && place == LEAVES)
            outside <= 1'b1;
endmodule
