// Whether the network ends at a width that the host chooses, for each inference: where the threshold is 0.
//
// The flag comes with the first of the input's beats, so what waits for it need not wait for anything else.
// Parameters: WIDTH bits a beat, BEATS an inference.
// Timing: a beat a clock; the flag is pushed in the clock in which the first is taken.
module chosen #(
    parameter WIDTH = 8,
    parameter BEATS = 2
) (
    input clk,
    input rst,
    input threshold,
    input [WIDTH-1:0] in_data,
    input in_valid,
    output in_ready,
    output out_data,
    output out_push,
    output out_reserve,
    input out_room
);
    localparam COUNT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam [COUNT_BITS-1:0] LAST = BEATS - 1;

    reg [COUNT_BITS-1:0] beat;
    wire starts = beat == 0;
    wire issue = in_valid && in_ready;
    assign in_ready = !starts || out_room;
    assign out_reserve = issue && starts;
    assign out_push = out_reserve;
    assign out_data = !threshold;
    always @(posedge clk) begin
        if (issue)
            beat <= beat == LAST ? {COUNT_BITS{1'b0}} : beat + 1'b1;
        if (rst)
            beat <= 0;
    end
endmodule
