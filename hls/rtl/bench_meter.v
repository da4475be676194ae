// Watches inferences run: counts clock cycles and answers, and tells when the last answer has come.
//
// `cycles` is the number of clock cycles from the edge that moves the first beat into the core to the edge that moves
// the last answer's end out of it; for one inference that is its latency in the fabric. At most 65,535 vectors may be on their
// way at once.
`default_nettype none
module bench_meter (
    input  wire        clk,
    input  wire        rst,
    input  wire        start,
    input  wire        feeding,     // vectors remain to be handed over
    input  wire        vector_ends, // one has been handed over
    input  wire        beat_moves,  // a beat goes into the core
    input  wire        answer_ends, // the last beat of an answer comes out of it
    output reg  [47:0] cycles,
    output reg  [31:0] inferences,  // since configuration
    output wire        done         // one cycle: all answers have come
);
    reg [15:0] on_the_way = 0;
    reg        active = 0, counting = 0, started = 0;
    initial {cycles, inferences} = 0;
    assign done = active && !started && !feeding && on_the_way == 0;

    always @(posedge clk) begin
        started <= start;
        if (answer_ends) inferences <= inferences + 1'b1;
        if (vector_ends != answer_ends) on_the_way <= vector_ends ? on_the_way + 1'b1 : on_the_way - 1'b1;
        if (start) cycles <= 0;
        else if (counting && !done) cycles <= cycles + 1'b1;
        if (beat_moves) counting <= 1;
        if (done) {active, counting} <= 0;
        if (start) active <= 1;
        if (rst) begin
            {active, counting} <= 0;
            on_the_way <= 0;
        end
    end
endmodule
`default_nettype wire
