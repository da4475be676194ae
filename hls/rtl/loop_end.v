// Counts the rounds of a loop, again and again, and tells the last one from a register.
//
// Timing: `round` and `last` are of the round that the next `step` ends.
module loop_end #(
    parameter SIZE = 2,
    parameter BITS = SIZE > 1 ? $clog2(SIZE) : 1
) (
    input clk,
    input rst,
    input step,
    output reg [BITS-1:0] round,
    output last
);
    localparam [BITS-1:0] BEFORE_LAST = SIZE - 2;
    generate
        if (SIZE == 1) begin : once
            assign last = 1'b1;
        end else begin : often
            reg at_last;
            assign last = at_last;
            always @(posedge clk)
                if (rst)
                    at_last <= 1'b0;
                else if (step)
                    at_last <= round == BEFORE_LAST;
        end
    endgenerate
    always @(posedge clk)
        if (rst || (step && last))
            round <= 0;
        else if (step)
            round <= round + 1'b1;
endmodule
