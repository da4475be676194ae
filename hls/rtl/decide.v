// The scores of a stage and its number where its flag is set; else the answer of later stages, which comes only then.
//
// Inputs, the first lowest: a flag of one bit for each inference, the stage's scores, the later answer.
// Parameters: CLASSES scores of BITS, one a beat; the later answer has LATER beats: with a number at its end, or without,
//   and then OTHER is that; OWN is the number of the stage.
// Timing: one beat a clock, CLASSES + 1 an inference; latency 1.
module decide #(
    parameter CLASSES = 2,
    parameter LATER = 2,
    parameter BITS = 8,
    parameter [BITS-1:0] OWN = 0,
    parameter [BITS-1:0] OTHER = 0
) (
    input clk,
    input rst,
    input [2*BITS:0] in_data,
    input [2:0] in_valid,
    output [2:0] in_ready,
    output reg [BITS-1:0] out_data,
    output reg out_push,
    output out_reserve,
    input out_room
);
    localparam COUNT_BITS = $clog2(CLASSES + 1);
    localparam [COUNT_BITS-1:0] LAST = CLASSES;

    wire [BITS-1:0] score = in_data[1 +: BITS];
    wire [BITS-1:0] later = in_data[1+BITS +: BITS];
    reg [COUNT_BITS-1:0] beat;
    reg starts, ends, owned;
    wire own = starts ? in_data[0] : owned;
    wire takes_later = !own && (!ends || LATER > CLASSES);
    wire there = (!starts || in_valid[0]) && (ends || in_valid[1]) && (!takes_later || in_valid[2]);
    wire issue = there && out_room;
    assign in_ready = {issue && takes_later, issue && !ends, issue && starts};
    assign out_reserve = issue;
    always @(posedge clk) begin
        out_push <= !rst && issue;
        if (ends)
            out_data <= own ? OWN : LATER > CLASSES ? later : OTHER;
        else
            out_data <= own ? score : later;
        if (issue) begin
            beat <= ends ? {COUNT_BITS{1'b0}} : beat + 1'b1;
            starts <= ends;
            ends <= beat == LAST - 1'b1;
            owned <= own;
        end
        if (rst) begin
            beat <= 0;
            starts <= 1'b1;
            ends <= 1'b0;
        end
    end
endmodule
