// Passes some beats of each position and drops the others, in their order.
//
// Parameters: LANES elements of IN_BITS a beat, of which the lowest OUT_BITS are passed; BEATS a position, of which those
//   with their bit of KEEP.
// Timing: one beat a clock; latency 1.
module select #(
    parameter LANES = 1,
    parameter IN_BITS = 8,
    parameter OUT_BITS = 8,
    parameter BEATS = 2,
    parameter [BEATS-1:0] KEEP = 1
) (
    input clk,
    input rst,
    input [LANES*IN_BITS-1:0] in_data,
    input in_valid,
    output in_ready,
    output reg [LANES*OUT_BITS-1:0] out_data,
    output reg out_push,
    output out_reserve,
    input out_room
);
    localparam COUNT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    localparam [COUNT_BITS-1:0] LAST = BEATS - 1;

    // The beat after the next one, so that whether the next one is kept comes from a register.
    reg [COUNT_BITS-1:0] beat;
    reg keep;
    wire issue = in_valid && in_ready;
    assign in_ready = out_room || !keep;
    assign out_reserve = issue && keep;
    always @(posedge clk) begin
        out_push <= !rst && out_reserve;
        if (issue) begin
            beat <= beat == LAST ? {COUNT_BITS{1'b0}} : beat + 1'b1;
            keep <= KEEP[beat];
        end
        if (rst) begin
            beat <= BEATS > 1;
            keep <= KEEP[0];
        end
    end

    genvar p;
    generate
        for (p = 0; p < LANES; p = p + 1) begin : lane
            always @(posedge clk)
                out_data[p*OUT_BITS +: OUT_BITS] <= in_data[p*IN_BITS +: IN_BITS];
        end
    endgenerate
endmodule
