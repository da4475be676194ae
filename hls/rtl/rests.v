// Whether a part of a core is clocked: while it holds an inference, while a beat waits before it, and 2**LINGER_BITS - 1
// clocks longer, in which it ends what no answer waits for and begins what needs no beat.
//
// Parameters: BEATS of the answer that an inference leaves behind; COUNT_BITS of the number of inferences inside.
// Timing: `awake` follows `wanted` and `enters` by a clock; it is set in a reset, which the part sees.
module rests #(
    parameter BEATS = 1,
    parameter COUNT_BITS = 16,
    parameter LINGER_BITS = 10
) (
    input clk,
    input rst,
    input wanted,
    input enters,  // an inference that the part is to work at
    input leaves,  // a beat of the answer
    output awake
);
    wire last;
    loop_end #(.SIZE(BEATS)) beat (.clk(clk), .rst(rst), .step(leaves), .round(), .last(last));

    reg [COUNT_BITS-1:0] held;  // inferences
    reg [LINGER_BITS-1:0] left;
    reg on;
    wire ends = leaves && last;
    wire works = wanted || enters || held != 0;
    assign awake = on || rst;
    always @(posedge clk) begin
        if (enters != ends)
            held <= held + {{(COUNT_BITS-1){!enters}}, 1'b1};
        if (works)
            left <= {LINGER_BITS{1'b1}};
        else if (left != 0)
            left <= left - 1'b1;
        on <= works || left != 0;
        if (rst) begin
            held <= 0;
            left <= {LINGER_BITS{1'b1}};
            on <= 1'b1;
        end
    end
endmodule
