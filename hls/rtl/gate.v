// Passes the beats of an inference, or drops all of them where its flag is set: what stands behind stays idle then.
//
// The first input holds the beats, the second a flag of one bit for each inference, which comes before them.
// Parameters: WIDTH bits a beat, BEATS an inference.
// Timing: a beat is pushed in the clock in which it is taken; one a clock.
module gate #(
    parameter WIDTH = 8,
    parameter BEATS = 2
) (
    input clk,
    input rst,
    input [WIDTH:0] in_data,
    input [1:0] in_valid,
    output [1:0] in_ready,
    output [WIDTH-1:0] out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam COUNT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam [COUNT_BITS-1:0] LAST = BEATS - 1;

    reg [COUNT_BITS-1:0] beat;
    reg starts, drops;
    wire drop = starts ? in_data[WIDTH] : drops;
    wire open = (!starts || in_valid[1]) && (drop || out_room);
    wire issue = in_valid[0] && open;
    assign in_ready = {issue && starts, open};
    assign out_reserve = issue && !drop;
    assign out_push = out_reserve;
    assign out_data = in_data[WIDTH-1:0];
    always @(posedge clk) begin
        if (issue) begin
            beat <= beat == LAST ? {COUNT_BITS{1'b0}} : beat + 1'b1;
            starts <= beat == LAST;
            drops <= drop;
        end
        if (rst) begin
            beat <= 0;
            starts <= 1'b1;
        end
    end
endmodule
